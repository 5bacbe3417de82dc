"""JSON with places left open, in pieces: keys in order, numbers without zeros behind. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from operator import attrgetter
from typing import Any

from msgspec import Raw, Struct
from msgspec.json import Decoder, Encoder

from worker.documents.keys import DocumentKey

_EDGE = b"\0"
"""Around what stands in an open place. JSON escapes it in every text."""

# lone surrogates: no text of a store or of Xero can hold one, and JSON leaves them as they are
_DOCUMENT, _CODE = "\ud801", "\ud802"
_DOCUMENT_JSON, _CODE_JSON = (mark.encode("utf-8", "surrogatepass") for mark in (_DOCUMENT, _CODE))

_FIELD = b',"ItemCode":'
"""What stands before nearly every code."""

_BEHIND_A_KEY = -len(b'":')
_ZERO = Decimal(0)
_INTEGERS = range(-(2**63), 2**64)
"""Those that msgspec writes."""


class _Place:
    """What is known only when the call is opened. `mark` stands for it in JSON that is hashed.

    No tuple and no dataclass, as the encoder would write them as such.
    """

    __slots__ = ("mark",)

    def __init__(self, text: str) -> None:
        self.mark = Raw(b"%b%b%b" % (_EDGE, quoted(text).encode("utf-8", "surrogatepass"), _EDGE))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Place) and bytes(other.mark) == bytes(self.mark)

    def __hash__(self) -> int:
        return hash(bytes(self.mark))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({bytes(self.mark)!r})"


class XeroId(_Place):
    """A place in a payload for the Xero id of another document; filled when the call is opened."""

    __slots__ = ("key",)

    def __init__(self, key: DocumentKey) -> None:
        super().__init__(_DOCUMENT + _DOCUMENT.join(key))
        self.key = key


class ItemCode(_Place):
    """A place for an item code, as a field: kept when the organisation has the item, else left out."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        super().__init__(_CODE + code)
        self.code = code


class Kept(Mapping[str, Any]):
    """An object in a payload, plain as `written` has it, whose JSON is kept for all the documents it is on."""

    __slots__ = ("_fields", "mark")

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        self.mark = Raw(_write(fields))

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


class Pieces(Struct, frozen=True):
    """The JSON of a payload: every second one of `parts` is the mark of an open place.

    `places` are what these are for: the document whose id, or the code of an item.
    """

    parts: list[bytes]
    places: list[DocumentKey | str]
    needs: frozenset[DocumentKey]

    @property
    def codes(self) -> frozenset[str]:
        """The item codes."""
        return frozenset([place for place in self.places if type(place) is str])

    def filled(self, ids: Mapping[DocumentKey, str], codes: Container[str]) -> bytes:
        """The JSON with `ids`, and with those of its codes that are in `codes`."""
        json = self.parts.copy()
        for at, place in zip(range(1, len(json), 2), self.places, strict=True):
            if type(place) is DocumentKey:
                json[at] = quoted(ids[place]).encode()
            elif place in codes:
                json[at] = json[at].replace(_CODE_JSON, b"")
            elif json[at - 1].endswith(_FIELD):
                json[at - 1], json[at] = json[at - 1][: -len(_FIELD)], b""
            else:
                json[at - 1 : at + 2] = _without_key(json[at - 1], json[at + 1])
        return b"".join(json)


def _without_key(before: bytes, after: bytes) -> tuple[bytes, bytes, bytes]:
    """The JSON on both sides of a place, and in it, without the field whose value it is."""
    key = before.rindex(b'"', 0, _BEHIND_A_KEY)
    if before.endswith(b",", 0, key):
        return before[: key - 1], b"", after
    return before[:key], b"", after.removeprefix(b",")


def written(payload: Mapping[str, Any], *, is_plain: bool = False) -> Pieces:
    """The JSON of a payload of text, `Decimal`, int, bool, None and open places; raises `TypeError` for others.

    `is_plain`: each amount in it came from `plain`, and nothing is of a subclass. Then it is not looked through before,
    which takes most of the time.
    """
    parts = _write(payload if is_plain else _plain(payload)).split(_EDGE)
    places = list(map(_place, parts[1::2]))
    return Pieces(parts, places, frozenset([place for place in places if type(place) is DocumentKey]))


@lru_cache(4096)  # what sells well is on many documents
def _place(mark: bytes) -> DocumentKey | str:
    """What `mark` stands for."""
    if mark.startswith(_CODE_JSON, 1):
        code: str = _read(mark.replace(_CODE_JSON, b""))
        return code
    _, *key = _read(b"[%b]" % mark.replace(_DOCUMENT_JSON, b'","'))
    return DocumentKey(*key)


@lru_cache(4096)  # a shop's prices and quantities come again and again
def plain(amount: Decimal) -> Decimal:
    """An amount without zeros behind, and without an exponent for as many digits as money has. Raises `ValueError`."""
    if not amount.is_finite():
        raise ValueError(f"{amount} is not a number that JSON can carry")
    # a zero's sign is left out: zeros are equal, and what is remembered of one is told of all
    return Decimal(f"{amount.normalize() if amount else _ZERO:f}")


def _plain(value: Any) -> Any:
    """`value` as msgspec writes it."""
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    if isinstance(value, Decimal):
        return _literal(value)
    if isinstance(value, int) and value not in _INTEGERS:
        return Raw(b"%d" % value)
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, int | XeroId | ItemCode):
        return value
    raise TypeError(f"a payload holds text, Decimal, int, bool and open places, not {type(value).__name__}")


def _literal(amount: Decimal) -> Raw:
    """For those that `str` gives an exponent, as 0.0000001."""
    return Raw(f"{plain(amount):f}".encode())


_read = Decoder().decode
_write = Encoder(enc_hook=attrgetter("mark"), order="sorted", decimal_format="number").encode
