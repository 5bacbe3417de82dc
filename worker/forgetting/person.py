"""Who a message is about, and the same message without what says so. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.entities import Entity
from schemas.parts import Buyer
from worker.mapping.keys import ALL_GUESTS, buyer_id
from worker.settings import OrganisationSettings

FORGOTTEN = "Forgotten customer"
_TYPE_PARTS = 3
"""`store.invoice.changed`"""

_NUMBERS = re.compile(r'ContactNumber=="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_LEAST = 3
"""Shorter words than this are found by chance."""

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
    for all who gave none.
    """

    ids: frozenset[tuple[str, str]] = frozenset()
    emails: frozenset[str] = frozenset()

    def is_meant(self, one: Identity) -> bool:
        """Whether this is them."""
        known = {(one.source, one.customer_id), ("", one.customer_id)} & self.ids
        return bool((one.customer_id and known) or (one.email and one.email in self.emails))


def folded(email: str) -> str:
    """An address as it is compared."""
    return email.strip().lower()


def guest_id(email: str, org: OrganisationSettings) -> str:
    """The id of a guest who is known by their address; empty where all guests are one."""
    found = buyer_id(Buyer(email=email, name=FORGOTTEN), org)
    return "" if found == ALL_GUESTS else found


def identity_of(message: Any, org: OrganisationSettings) -> Identity | None:
    """The customer of an event; None where it has none, or is no event."""
    data = message.get("data") if isinstance(message, dict) else None
    if not isinstance(data, dict):
        return None
    source, parts = str(message.get("source", "")), str(message.get("type", "")).split(".")
    if len(parts) == _TYPE_PARTS and parts[1] == Entity.CUSTOMER:
        return Identity(source, str(data.get("id", "")), folded(str(data.get("email", ""))))
    buyer = data.get("customer")
    if not isinstance(buyer, dict):
        return None
    return Identity(source, _buyer_id(buyer, org), folded(str(buyer.get("email") or "")))


def without_person(message: Mapping[str, Any], org: OrganisationSettings) -> bytes:
    """A sale's event that books the same documents, for the same contact, and names nobody."""
    data = message["data"]
    buyer = {"id": _buyer_id(data["customer"], org) or None, "name": FORGOTTEN}
    return json.dumps({**message, "data": {**data, "customer": buyer}}, ensure_ascii=False).encode()


def asked_for(params: Mapping[str, str]) -> set[str]:
    """The numbers of the contacts that a look-up asks for; their names stand beside them."""
    return {_ESCAPED.sub(r"\1", number) for number in _NUMBERS.findall(params.get("where", ""))}


def tells(text: str, message: Any) -> bool:
    """Whether a text repeats what the message's customer is called, or where they are reached."""
    lowered = text.lower()
    return any(word.lower() in lowered for word in _words(message))


def _words(message: Any) -> set[str]:
    data = message.get("data") if isinstance(message, dict) else None
    buyer = data.get("customer", data) if isinstance(data, dict) else None
    if not isinstance(buyer, dict):
        return set()
    address = buyer.get("address")
    named = ("email", "name", "first_name", "last_name", "company", "tax_number", "phone")
    values = [buyer.get(name) for name in named]
    if isinstance(address, dict):
        lines = address.get("lines")
        values += [*(lines if isinstance(lines, list) else ()), address.get("city"), address.get("postal_code")]
    return {value for value in values if isinstance(value, str) and len(value) >= _LEAST}


def _buyer_id(buyer: Mapping[str, Any], org: OrganisationSettings) -> str:
    if buyer.get("id"):
        return str(buyer["id"])
    try:
        found = buyer_id(_BUYERS.validate_python(buyer), org)
    except ValidationError:
        return ""
    return "" if found == ALL_GUESTS else found
