"""JSON with exact decimals: amounts go out as the number literal they are, and come back as `Decimal`."""

from __future__ import annotations

import json
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import lru_cache
from typing import Any

from msgspec import DecodeError, Raw
from msgspec.json import Decoder, Encoder

_EXACT = Context(prec=40, Emin=-30, Emax=12, traps=[Inexact, InvalidOperation, Overflow])
decimal = lru_cache(4096)(_EXACT.create_decimal)
"""What a number with a fraction becomes, if it is below ten trillion. The amounts of a reply come several times each.

Raises `ArithmeticError` for another: a few characters may be the exponent of a number that fills the memory.
"""

_ENCODER = Encoder()
_DECODER = Decoder(float_hook=decimal)


def encode(value: Any) -> bytes:
    """`value` as JSON. Floats and decimals that are no number are refused with `TypeError` or `ValueError`."""
    return _ENCODER.encode(_exact(value))


def decode(body: bytes) -> Any:
    """JSON as Python values, every number with a fraction as `Decimal`. Raises `ValueError`."""
    try:
        return _decoded(body)
    except ArithmeticError:
        raise ValueError("a number in it is none that an amount may be") from None


def _decoded(body: bytes) -> Any:
    try:
        return _DECODER.decode(body)
    except DecodeError:
        # half a surrogate pair, or a byte order mark: Python's own takes them, and says what is wrong with the rest
        return json.loads(body, parse_float=decimal, parse_constant=_refuse)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not a number that JSON can carry")


def _exact(value: Any) -> Any:
    """With decimals as their text: as numbers, the encoder would write some of them with an exponent."""
    kind = type(value)
    if kind is dict:
        return {key: _exact(child) for key, child in value.items()}
    if kind is list or kind is tuple:
        return [_exact(child) for child in value]
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a number that JSON can carry")
        return Raw(f"{value:f}".encode())
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"a payload for xero holds text, Decimal, int and bool, not {kind.__name__}")
