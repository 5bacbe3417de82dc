"""Money, quantities and rates on the wire: decimal strings, never floats."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, StringConstraints, WithJsonSchema

_CENTS = r"^-?(0|[1-9]\d{0,9})(\.\d{1,2})?$"
_UNITS = r"^-?(0|[1-9]\d{0,9})(\.\d{1,4})?$"
_RATIO = r"^(0|[1-9]\d{0,11})(\.\d{1,6})?$"


def _decimal_string(pattern: str, example: str) -> Any:
    matches = re.compile(pattern).match

    def parse(value: object) -> Decimal:
        if isinstance(value, Decimal):
            value = format(value, "f")
        if not isinstance(value, str):
            msg = f"must be a decimal string such as {example!r}, not {type(value).__name__}"
            raise ValueError(msg)  # noqa: TRY004 - pydantic turns only ValueError into a field error
        if not matches(value) or value.endswith("\n"):
            msg = f"must be a decimal string such as {example!r} ({pattern})"
            raise ValueError(msg)
        return Decimal(value)

    return BeforeValidator(parse)


def _plain(value: Decimal) -> str:
    return format(value, "f")


_serialise = PlainSerializer(_plain, return_type=str)

Cents = Annotated[
    Decimal,
    _decimal_string(_CENTS, "12.50"),
    _serialise,
    WithJsonSchema({"type": "string", "pattern": _CENTS, "examples": ["12.50"]}),
]
"""An amount of money, at most 2 decimals. The currency stands in the document's header."""

UnitPrice = Annotated[
    Decimal,
    _decimal_string(_UNITS, "12.5000"),
    _serialise,
    WithJsonSchema({"type": "string", "pattern": _UNITS, "examples": ["12.5000"]}),
]
"""A price of one unit, at most 4 decimals (Xero's `unitdp=4`)."""

Quantity = Annotated[
    Decimal,
    _decimal_string(_UNITS, "2"),
    _serialise,
    WithJsonSchema({"type": "string", "pattern": _UNITS, "examples": ["2"]}),
]
"""How many, at most 4 decimals."""

Rate = Annotated[
    Decimal,
    _decimal_string(_RATIO, "20"),
    _serialise,
    WithJsonSchema({"type": "string", "pattern": _RATIO, "examples": ["20"]}),
]
"""A tax rate in per cent, or a currency rate: not negative, at most 6 decimals."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""
