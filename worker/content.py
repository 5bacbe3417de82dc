"""What a document is to hold: Xero's JSON, with places left open for what only the ledger knows. Pure.

The JSON is written once, and only when somebody asks: its hash says whether anything changed, and an opened call fills
its places. A sale's contact is mostly there already, and then nobody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from json import dumps
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from worker.keys import DocumentKey

# lone surrogates: no text of a store or of Xero can hold one, and JSON leaves them as they are
_DOCUMENT, _CODE = "\ud801", "\ud802"
_OPEN = "\0"
"""A place in JSON that is being written. JSON escapes it in every text."""

_BEHIND_A_KEY = -len('":')

_ZERO = Decimal(0)


class XeroId(NamedTuple):
    """A place in a payload for the Xero id of another document; filled when the call is opened."""

    key: DocumentKey


class ItemCode(NamedTuple):
    """A place for an item code, as a field: kept when the organisation has the item, else left out."""

    code: str


class Content:
    """A payload made by `make`: text, `Decimal`, int and bool, with `XeroId` and `ItemCode` as open places.

    Contents are equal when their hashes are. `hash` is SHA-256 in hex; the order of keys and the zeros behind an amount
    do not matter. What it is asked for it keeps; `cached_property` takes a lock each time before Python 3.12.
    """

    __slots__ = ("_hash", "_make", "_payload", "_text")

    def __init__(
        self,
        make: Callable[[], Mapping[str, Any]] = dict,
        payload: Mapping[str, Any] | None = None,
        known_hash: str = "",
    ) -> None:
        self._make = make
        self._payload = payload
        self._text: _Text | None = None
        self._hash = known_hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and other.hash == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Content:
        """The content of a payload that is made already."""
        return cls(payload=payload)

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
            self._hash = sha256(_joined(text.pieces, map(_hashed, text.places))).hexdigest()
        return self._hash

    @property
    def needs(self) -> frozenset[DocumentKey]:
        """The documents whose ids it has places for."""
        return (self._text or self._written()).needs

    @property
    def codes(self) -> frozenset[str]:
        """The item codes it has places for."""
        return frozenset(
            [place.code for place in (self._text or self._written()).places if isinstance(place, ItemCode)]
        )

    def with_payload(self, payload: Mapping[str, Any]) -> Content:
        """The same content in words that Xero takes: its hash, by which the store's next version is compared, stays."""
        return Content(payload=payload, known_hash=self.hash)

    def filled(self, ids: Mapping[DocumentKey, str], codes: Container[str]) -> bytes:
        """The JSON to send. `ids` has those of `needs`; what is in none of `codes` is left out."""
        text = self._text or self._written()
        json = [text.pieces[0]]
        for place, piece in zip(text.places, text.pieces[1:], strict=True):
            if isinstance(place, XeroId):
                json += quoted(ids[place.key]).encode(), piece
            elif place.code in codes:
                json += quoted(place.code).encode(), piece
            else:
                json[-1:] = _without_key(json[-1], piece)
        return b"".join(json)

    def _written(self) -> _Text:
        if self._text is None:
            self._text = _text_of(self.payload)
        return self._text


class _Text(NamedTuple):
    """The JSON of a payload in `pieces`, and the places that are open between them."""

    pieces: list[bytes]
    places: list[XeroId | ItemCode]
    needs: frozenset[DocumentKey]


def _joined(pieces: Sequence[bytes], values: Iterable[bytes]) -> bytes:
    return b"".join((*chain.from_iterable(zip(pieces, values)), pieces[-1]))  # noqa: B905 - a piece more than places


def _without_key(before: bytes, after: bytes) -> tuple[bytes, bytes]:
    """The JSON on both sides of a place without the field whose value it is."""
    before = before[: before.rindex(b'"', 0, _BEHIND_A_KEY)]
    return (before[:-1], after) if before.endswith(b",") else (before, after.removeprefix(b","))


def _text_of(payload: Mapping[str, Any]) -> _Text:
    """Python's own encoder would do, at twice the cost.

    It quotes and sorts the keys of every object anew, and calls back for each amount. Here the keys of an object are
    written once for all that have the same.
    """
    json: list[str] = []
    places: list[XeroId | ItemCode] = []
    _object(payload, json, places)
    pieces = "".join(json).encode().split(_OPEN.encode())
    return _Text(pieces, places, frozenset([place.key for place in places if isinstance(place, XeroId)]))


def _object(fields: Mapping[str, Any], json: list[str], places: list[XeroId | ItemCode]) -> None:
    json.append("{")
    for key, written in _KEYS[tuple(fields)]:
        json.append(written)
        value = fields[key]
        kind = type(value)
        if kind is str:
            json.append(quoted(value))
        elif kind is Decimal:
            json.append(_literal(value))
        else:
            _other(value, json, places)
    json.append("}")


def _other(value: Any, json: list[str], places: list[XeroId | ItemCode]) -> None:
    kind = type(value)
    if kind is ItemCode or kind is XeroId:
        places.append(value)
        json.append(_OPEN)
    elif kind is dict:
        _object(value, json, places)
    elif kind is list or kind is tuple:
        _array(value, json, places)
    elif isinstance(value, Decimal):
        json.append(_literal(value))
    elif value is None or isinstance(value, str | int):
        json.append(dumps(value, ensure_ascii=False))
    else:
        raise TypeError(f"a payload holds text, Decimal, int, bool and open places, not {kind.__name__}")


def _array(values: Sequence[Any], json: list[str], places: list[XeroId | ItemCode]) -> None:
    json.append("[")
    for number, value in enumerate(values):
        if number:
            json.append(",")
        _other(value, json, places)
    json.append("]")


@lru_cache(4096)  # a shop's prices and quantities come again and again
def _literal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that JSON can carry")
    # a zero's sign is left out: zeros are equal, and what is remembered of one is told of all
    return f"{value.normalize() if value else _ZERO:f}"


class _Keys(dict[tuple[str, ...], list[tuple[str, str]]]):
    """Of an object's keys as they come: the keys in order, each with its JSON. Xero's objects are of a few kinds."""

    def __missing__(self, fields: tuple[str, ...]) -> list[tuple[str, str]]:
        keys = sorted(fields)
        self[fields] = made = [(key, f"{',' if key != keys[0] else ''}{quoted(key)}:") for key in keys]
        return made


_KEYS = _Keys()


@lru_cache(4096)  # what sells well is on many documents
def _hashed(place: XeroId | ItemCode) -> bytes:
    """A place as it counts for the hash."""
    marked = _CODE + place.code if isinstance(place, ItemCode) else _DOCUMENT + _DOCUMENT.join(place.key)
    return quoted(marked).encode("utf-8", "surrogatepass")
