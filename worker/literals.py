"""JSON with exact decimals: amounts go out as the number literal they are, and come back as `Decimal`."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import lru_cache
from typing import Any


def encode(value: Any) -> bytes:
    """`value` as JSON. Floats and decimals that are no number are refused with `TypeError` or `ValueError`."""
    _refuse_floats(value)
    # JSON escapes control characters, so a marked number cannot be mistaken for text; the C encoder does the rest
    text = _ENCODER.encode(value)
    return _MARKED.sub(r"\1", text).encode()


def decode(body: bytes) -> Any:
    """JSON as Python values, every number with a fraction as `Decimal`. Raises `ValueError`."""
    return json.loads(body, parse_float=_decimal)


def _marked(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"a payload for xero holds text, Decimal, int and bool, not {type(value).__name__}")
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that JSON can carry")
    return f"{_MARK}{value:f}{_MARK}"


def _refuse_floats(value: Any) -> None:
    children = value.values() if type(value) is dict else value
    for child in children if type(value) in (dict, list, tuple) else (value,):
        kind = type(child)
        if kind is dict or kind is list or kind is tuple:
            _refuse_floats(child)
        elif kind is float:
            raise TypeError("a payload for xero holds text, Decimal, int and bool, not float")


_decimal = lru_cache(4096)(Decimal)  # the amounts of a reply are few, and each comes several times
_MARK = "\x00"
_MARKED = re.compile(r'"\\u0000(-?[0-9.]+)\\u0000"')
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_marked, allow_nan=False)
