"""How values are stored: times as microseconds, JSON with exact decimals, bodies compressed."""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import BigInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from worker.instants import instant, micros

_DECIMAL = "$decimal"
# most of the gain at a third of the time of the default
_LEVEL = 3
# documents repeat each other, and 8 KB of them hold what comes again. The usual 32 KB and their tables take as long to
# set up as a call's members to compress, and drive all else out of the processor's caches
_WINDOW_BITS, _MEMORY_LEVEL = 13, 6


class Instant(TypeDecorator[datetime]):
    """A time as microseconds since 1970: the same, exact and sortable, in every database."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:  # noqa: ARG002 -- protocol
        """To the database. The function itself: SQLAlchemy's way around it takes longer than it does."""
        return _to_database

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002 -- protocol
        """From the database."""
        return _from_database


def _to_database(value: datetime | None) -> int | None:
    return None if value is None else micros(value)


def _from_database(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


def dump(value: Any) -> str:
    """JSON that keeps a `Decimal` exactly as it is written."""
    if type(value) is dict and _PLAIN.issuperset(map(type, value.values())):
        return dump_plain(value).decode()
    return _ENCODER.encode(value)


def dump_plain(value: Any) -> bytes:
    """The same in a tenth of the time, of what holds nothing but text, whole numbers, lists and objects."""
    return _FAST.encode(value)


def load(text: str) -> Any:
    """What `dump` made."""
    return _DECODER.decode(text)


NOTHING = b""
"""The body of what was purged."""


def pack(data: bytes) -> bytes:
    """Compressed."""
    packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    return packing.compress(data) + packing.flush()


def unpack(data: bytes) -> bytes:
    """What `pack` made; nothing, of what was purged."""
    return zlib.decompress(data) if data else b""


def _encode(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    # mappings and tuples of other kinds, as frozen values hold them
    if hasattr(value, "items"):
        return dict(value.items())
    raise TypeError(f"{type(value).__name__} has no JSON form; use text, numbers, lists and objects")


def _decode(value: dict[str, Any]) -> Any:
    if len(value) == 1 and _DECIMAL in value:
        return Decimal(value[_DECIMAL])
    return value


_PLAIN = frozenset({str, int, bool, type(None)})
_FAST = msgspec.json.Encoder()
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_encode)
_DECODER = json.JSONDecoder(object_hook=_decode)
