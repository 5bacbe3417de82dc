"""JSON with exact decimals: amounts go out as the number literal they are, and come back as `Decimal`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def encode(value: Any) -> bytes:
    """`value` as JSON. Floats and decimals that are no number are refused with `TypeError` or `ValueError`."""
    return _text(value).encode()


def decode(body: bytes) -> Any:
    """JSON as Python values, every number with a fraction as `Decimal`. Raises `ValueError`."""
    return json.loads(body, parse_float=Decimal)


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return _number(value)
    if value is None or isinstance(value, str | bool | int):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(k)}:{_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(item) for item in value) + "]"
    raise TypeError(f"a payload for xero holds text, Decimal, int and bool, not {type(value).__name__}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a field name must be text, not {type(key).__name__}")
    return json.dumps(key, ensure_ascii=False)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that JSON can carry")
    return format(value, "f")
