"""Who a message is about, and the same message without what says so. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.codec import decode_event, encode_event
from schemas.entities import Entity, Sale
from schemas.envelope import Event
from schemas.errors import Undecodable
from schemas.parts import Buyer
from worker.mapping.keys import ALL_GUESTS, buyer_id
from worker.settings import OrganisationSettings

FORGOTTEN = "Forgotten customer"
_TYPE_PARTS = 3
"""`store.invoice.changed`"""

_NUMBERS = re.compile(r'ContactNumber=="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_CODE_POINT = re.compile(r"\\u([0-9a-fA-F]{4})")
_LEAST = 3
"""Shorter words than this are found by chance."""
_TELLING = 5
"""Shorter ones than this are found by chance where the text is of others too."""

_BEFORE = r"(?:(?<![\w.+-])|(?<=\\[bfnrt]))"
"""No part of a mailbox; an escape of JSON ends in a letter."""
_BEHIND = r"(?![\w-]|\.\w)"

_BUYERS = TypeAdapter(Buyer)


@dataclass(frozen=True, slots=True)
class Identity:
    """A customer of a store as one message or call has them. Either may be empty."""

    source: str
    customer_id: str
    email: str


@dataclass(frozen=True, slots=True)
class Person:
    """One customer: their ids, each with its store (any store, where it is empty), and e-mail addresses.

    An address means everybody who has it: give only one that a person has named, for shops have addresses that stand
    for all who gave none. `addresses` are those of which ids of guests were made.
    """

    ids: frozenset[tuple[str, str]] = frozenset()
    emails: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    def is_meant(self, one: Identity) -> bool:
        """Whether this is them."""
        known = {(one.source, one.customer_id), ("", one.customer_id)} & self.ids
        return bool((one.customer_id and known) or (one.email and one.email in self.emails))


def folded(email: str) -> str:
    """An address as it is compared."""
    return email.strip().lower()


def guest_id(email: str, org: OrganisationSettings) -> str:
    """The id of a guest who is known by their address; empty where all guests are one, or nobody can have it."""
    return _buyer_id({"email": email, "name": FORGOTTEN}, org)


def identity_of(message: Any, org: OrganisationSettings) -> Identity | None:
    """The customer of an event; None where it has none, or is no event."""
    data = message.get("data") if isinstance(message, dict) else None
    if not isinstance(data, dict):
        return None
    source, parts = str(message.get("source", "")), str(message.get("type", "")).split(".")
    if len(parts) == _TYPE_PARTS and parts[1] == Entity.CUSTOMER:
        return Identity(source, _as_text(data.get("id", "")), folded(str(data.get("email", ""))))
    buyer = data.get("customer")
    if not isinstance(buyer, dict):
        return None
    return Identity(source, _buyer_id(buyer, org), folded(str(buyer.get("email") or "")))


def without_person(body: bytes, org: OrganisationSettings) -> bytes:
    """A sale's message that books the same documents, for the same contact, and names nobody.

    Fields that the contract does not know go too, for nobody can tell what is in them; of what is no event, everything.
    """
    return _rewritten(body, lambda event: _of_nobody(event, org))


def known_part(body: bytes) -> bytes:
    """A message without fields that the contract does not know, where somebody is named; of no event, nothing."""
    return _rewritten(body, lambda event: event)


def _rewritten(body: bytes, change: Callable[[Event], Event]) -> bytes:
    try:
        event = change(decode_event(body))
        # without what it says by default it is no longer than it was
        return encode_event(event, data=event.data.model_dump_json(exclude_none=True, exclude_defaults=True))
    except Undecodable:
        return b""


def _of_nobody(event: Event, org: OrganisationSettings) -> Event:
    sale = event.data
    if not isinstance(sale, Sale):
        return event
    found = buyer_id(sale.customer, org)
    buyer = Buyer(id=None if found == ALL_GUESTS else found, name=FORGOTTEN)
    return event.model_copy(update={"data": sale.model_copy(update={"customer": buyer})})


def asked_for(params: Mapping[str, str]) -> set[str]:
    """The numbers of the contacts that a look-up asks for; their names stand beside them."""
    return {_ESCAPED.sub(r"\1", number) for number in _NUMBERS.findall(params.get("where", ""))}


def tells(text: str, message: Any) -> bool:
    """Whether a text repeats what the message's customer is called, or where they are reached."""
    return mentions(text, _words(message))


def mentions(text: str | bytes, words: Collection[str]) -> bool:
    """Whether one of the words is in a text, or in JSON as it came: escaped or not, in whatever letters."""
    if not words:
        return False
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), errors="replace")
    said = unescaped(text).lower()
    return any(_stands(word.lower(), said) for word in words)


def unescaped(text: str) -> str:
    """JSON with the letters that it may as well have as they are."""
    return _CODE_POINT.sub(lambda found: chr(int(found[1], 16)), text).replace("\\/", "/")


def _stands(word: str, said: str) -> bool:
    """An address counts as a whole: it may be the end, or the beginning, of somebody else's."""
    return word in said and ("@" not in word or re.search(f"{_BEFORE}{re.escape(word)}{_BEHIND}", said) is not None)


def telling(message: Any) -> set[str]:
    """What of a message's customer means nobody else: wherever it stands, they are meant."""
    buyer = _buyer(message)
    name = " ".join(str(buyer.get(part) or "") for part in ("first_name", "last_name"))
    values = {str(buyer.get("email") or ""), str(buyer.get("phone") or ""), str(buyer.get("name") or ""), name.strip()}
    return {value for value in values if is_telling(value)}


def is_telling(value: str) -> bool:
    """Whether a text is an address, a number, or a name with a space in it: one of a single word may be any word."""
    return value != FORGOTTEN and len(value) >= _TELLING and not value.isalpha()


def _words(message: Any) -> set[str]:
    buyer = _buyer(message)
    address = buyer.get("address")
    named = ("email", "name", "first_name", "last_name", "company", "tax_number", "phone")
    values = [buyer.get(name) for name in named]
    if isinstance(address, dict):
        lines = address.get("lines")
        values += [*(lines if isinstance(lines, list) else ()), address.get("city"), address.get("postal_code")]
    return {value for value in values if isinstance(value, str) and len(value) >= _LEAST}


def _buyer(message: Any) -> Mapping[str, Any]:
    data = message.get("data") if isinstance(message, dict) else None
    buyer = data.get("customer", data) if isinstance(data, dict) else None
    return buyer if isinstance(buyer, dict) else {}


def _buyer_id(buyer: Mapping[str, Any], org: OrganisationSettings) -> str:
    if buyer.get("id"):
        return _as_text(buyer["id"])
    try:
        found = buyer_id(_BUYERS.validate_python(buyer), org)
    except ValidationError:
        return ""
    return "" if found == ALL_GUESTS else found


def _as_text(value: Any) -> str:
    """An id as its store has it: where a message makes a number of it, that may be written as 4711.0 or 4.711e3."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
