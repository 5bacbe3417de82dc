"""What a document is to hold: Xero's JSON, with places left open for what only the ledger knows. Pure.

The JSON is written once, and only when somebody asks: its hash says whether anything changed, and an opened call fills
its places. A sale's contact is mostly there already, and then nobody asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from json import JSONEncoder
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from worker.keys import DocumentKey

# lone surrogates: no text of a store or of Xero can hold one, and JSON leaves them as they are
_NUMBER, _DOCUMENT, _CODE = "\ud800", "\ud801", "\ud802"


@dataclass(frozen=True, slots=True)
class XeroId:
    """A place in a payload for the Xero id of another document; filled when the call is opened."""

    key: DocumentKey


@dataclass(frozen=True, slots=True)
class ItemCode:
    """A place for an item code: kept when the organisation has the item, else the field is left out."""

    code: str


class _Written(NamedTuple):
    text: str
    needs: frozenset[DocumentKey]
    codes: frozenset[str]


class Content:
    """A payload made by `make`: text, `Decimal`, int and bool, with `XeroId` and `ItemCode` as open places.

    Contents are equal when their hashes are. `hash` is SHA-256 in hex; the order of keys and the zeros behind an amount
    do not matter.
    """

    def __init__(self, make: Callable[[], Mapping[str, Any]]) -> None:
        self._make = make

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and other.hash == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Content:
        """The content of a payload that is made already."""
        return cls(lambda: payload)

    @cached_property
    def payload(self) -> Mapping[str, Any]:
        """What was made."""
        return self._make()

    @cached_property
    def hash(self) -> str:
        """Equal for equal content."""
        return sha256(self._written.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def needs(self) -> frozenset[DocumentKey]:
        """The documents whose ids it has places for."""
        return self._written.needs

    @property
    def codes(self) -> frozenset[str]:
        """The item codes it has places for."""
        return self._written.codes

    def with_payload(self, payload: Mapping[str, Any]) -> Content:
        """The same content in words that Xero takes: its hash, by which the store's next version is compared, stays."""
        other = Content.of(payload)
        other.hash = self.hash
        return other

    def filled(self, ids: Mapping[DocumentKey, str], codes: Container[str]) -> bytes:
        """The JSON to send. `ids` has those of `needs`; what is in none of `codes` is left out."""
        text = self._written.text
        for key in self.needs:
            text = text.replace(_document(key), quoted(ids[key]))
        for code in self.codes:
            if code not in codes:
                text = _without(quoted(_CODE + code), text)
        return text.replace(_CODE, "").encode()

    @cached_property
    def _written(self) -> _Written:
        needs: set[DocumentKey] = set()
        codes: set[str] = set()

        def place(value: object) -> str:
            if isinstance(value, Decimal):
                return _literal(value)
            if isinstance(value, XeroId):
                needs.add(value.key)
                return _marked(value.key)
            if isinstance(value, ItemCode):
                codes.add(value.code)
                return _CODE + value.code
            raise TypeError(f"a payload holds text, Decimal, bool and open places, not {type(value).__name__}")

        encoder = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=place)
        text = encoder.encode(self.payload).replace(f'"{_NUMBER}', "").replace(f'{_NUMBER}"', "")
        return _Written(text, frozenset(needs), frozenset(codes))


def _literal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that JSON can carry")
    return f"{_NUMBER}{value.normalize():f}{_NUMBER}"


def _marked(key: DocumentKey) -> str:
    return _DOCUMENT + _DOCUMENT.join(key)


def _document(key: DocumentKey) -> str:
    return quoted(_marked(key))


def _without(place: str, text: str) -> str:
    """`text` without the fields that hold `place`."""
    text = text.replace(f',"ItemCode":{place}', "")  # nearly always all of it, and much faster than what follows
    if place not in text:
        return text
    return re.sub(rf',"\w+":{re.escape(place)}|"\w+":{re.escape(place)},?', "", text)
