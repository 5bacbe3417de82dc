"""JSON with places left open, in pieces: keys in order, numbers without zeros behind. Pure.

Python's own encoder would do, at twice the cost: it quotes and sorts the keys of every object anew, and calls back for
each amount. Here the keys of an object are written once for all that have the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from json import dumps
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from worker.keys import DocumentKey

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


class Pieces(NamedTuple):
    """The JSON of a payload, and the places that are open between its pieces."""

    json: list[bytes]
    places: list[XeroId | ItemCode]
    needs: frozenset[DocumentKey]


def joined(pieces: Sequence[bytes], values: Iterable[bytes]) -> bytes:
    """The JSON with `values` in its places."""
    return b"".join((*chain.from_iterable(zip(pieces, values)), pieces[-1]))  # noqa: B905 - a piece more than places


def without_key(before: bytes, after: bytes) -> tuple[bytes, bytes]:
    """The JSON on both sides of a place without the field whose value it is."""
    before = before[: before.rindex(b'"', 0, _BEHIND_A_KEY)]
    return (before[:-1], after) if before.endswith(b",") else (before, after.removeprefix(b","))


def written(payload: Mapping[str, Any]) -> Pieces:
    """The JSON of a payload."""
    json: list[str] = []
    places: list[XeroId | ItemCode] = []
    _object(payload, json, places)
    pieces = "".join(json).encode().split(_OPEN.encode())
    return Pieces(pieces, places, frozenset([place.key for place in places if isinstance(place, XeroId)]))


def _object(fields: Mapping[str, Any], json: list[str], places: list[XeroId | ItemCode]) -> None:
    json.append("{")
    for key, quoted_key in _KEYS[tuple(fields)]:
        json.append(quoted_key)
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
