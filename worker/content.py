"""What a document is to hold: Xero's JSON, with places left open for what only the ledger knows. Pure.

The JSON is written once, and only when somebody asks: its hash says whether anything changed, and an opened call fills
its places. A sale's contact is mostly there already, and then nobody asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from json import JSONEncoder
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from worker.keys import DocumentKey

# lone surrogates: no text of a store or of Xero can hold one, and JSON leaves them as they are
_NUMBER, _DOCUMENT, _CODE = "\ud800", "\ud801", "\ud802"
_ZERO = Decimal(0)

_AS_JSON: Mapping[str, Any] = {
    "ensure_ascii": False,
    "sort_keys": True,
    "separators": (",", ":"),
    "allow_nan": False,
    "check_circular": False,  # what mapping makes is a tree
}


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
    do not matter. What it is asked for it keeps; `cached_property` takes a lock each time before Python 3.12.
    """

    __slots__ = ("_hash", "_make", "_payload", "_text")

    def __init__(self, make: Callable[[], Mapping[str, Any]], *, known_hash: str = "") -> None:
        self._make = make
        self._payload: Mapping[str, Any] | None = None
        self._text: _Written | None = None
        self._hash = known_hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and other.hash == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Content:
        """The content of a payload that is made already."""
        return cls(lambda: payload)

    @property
    def payload(self) -> Mapping[str, Any]:
        """What was made."""
        if self._payload is None:
            self._payload = self._make()
        return self._payload

    @property
    def hash(self) -> str:
        """Equal for equal content."""
        if not self._hash:
            self._hash = sha256(self._written.text.encode("utf-8", "surrogatepass")).hexdigest()
        return self._hash

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
        return Content(lambda: payload, known_hash=self.hash)

    def filled(self, ids: Mapping[DocumentKey, str], codes: Container[str]) -> bytes:
        """The JSON to send. `ids` has those of `needs`; what is in none of `codes` is left out."""
        text = self._written.text
        for key in self.needs:
            text = text.replace(_document(key), quoted(ids[key]))
        for code in self.codes:
            if code not in codes:
                text = _without(quoted(_CODE + code), text)
        return text.replace(_CODE, "").encode()

    @property
    def _written(self) -> _Written:
        if self._text is None:
            self._text = _written(self.payload)
        return self._text


def _written(payload: Mapping[str, Any]) -> _Written:
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

    text = JSONEncoder(default=place, **_AS_JSON).encode(payload)
    text = text.replace(f'"{_NUMBER}', "").replace(f'{_NUMBER}"', "")
    return _Written(text, frozenset(needs), frozenset(codes))


@lru_cache(4096)  # a shop's prices and quantities come again and again
def _literal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that JSON can carry")
    # a zero's sign is left out: zeros are equal, and what is remembered of one is told of all
    return f"{_NUMBER}{value.normalize() if value else _ZERO:f}{_NUMBER}"


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
