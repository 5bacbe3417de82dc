"""What a document is to hold: Xero's JSON, with places left open for what only the ledger knows. Pure.

The JSON is written once, and only when somebody asks: its hash says whether anything changed, and an opened call fills
its places. A sale's contact is mostly there already, and then nobody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from hashlib import sha256
from typing import Any

from msgspec import Struct

from worker.documents.keys import DocumentKey
from worker.documents.pieces import ItemCode, Pieces, XeroId, written

__all__ = ["Content", "ItemCode", "XeroId"]


class Content(Struct, eq=False):
    """A payload made by `make`: text, `Decimal`, int and bool, with `XeroId` and `ItemCode` as open places.

    Contents are equal when their hashes are. `hash` is SHA-256 in hex; the order of keys and the zeros behind an amount
    do not matter. What it is asked for it keeps; `cached_property` takes a lock each time before Python 3.12.
    """

    _make: Callable[[], Mapping[str, Any]] = dict
    _payload: Mapping[str, Any] | None = None
    _hash: str = ""
    _is_plain: bool = False
    _text: Pieces | None = None

    __repr__ = object.__repr__  # a payload has personal data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and other.hash == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    @classmethod
    def of(cls, payload: Mapping[str, Any], *, is_plain: bool = False) -> Content:
        """The content of a payload that is made already. `is_plain` as `pieces.written` has it."""
        return cls(_payload=payload, _is_plain=is_plain)

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
            text = self._text or self._written()
            self._hash = sha256(b"".join(text.parts)).hexdigest()
        return self._hash

    @property
    def needs(self) -> frozenset[DocumentKey]:
        """The documents whose ids it has places for."""
        return (self._text or self._written()).needs

    @property
    def codes(self) -> frozenset[str]:
        """The item codes it has places for."""
        return (self._text or self._written()).codes

    def with_payload(self, payload: Mapping[str, Any]) -> Content:
        """The same content in words that Xero takes: its hash, by which the store's next version is compared, stays."""
        return Content(_payload=payload, _hash=self.hash)

    def filled(self, ids: Mapping[DocumentKey, str], codes: Container[str]) -> bytes:
        """The JSON to send. `ids` has those of `needs`; what is in none of `codes` is left out."""
        return (self._text or self._written()).filled(ids, codes)

    def _written(self) -> Pieces:
        self._text = text = written(self.payload, is_plain=self._is_plain)
        return text
