"""Money, quantities and rates on the wire: decimal strings, never floats."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, StringConstraints, WithJsonSchema

_CENTS = r"^-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$"
_UNITS = r"^-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,4})?$"
_RATIO = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$"


def _decimal_string(pattern: str, example: str) -> Any:
    matches = re.compile(pattern).fullmatch

    def parse(value: object) -> Decimal:
        if isinstance(value, Decimal):
            value = format(value, "f")
        if not isinstance(value, str):
            came = "a number" if isinstance(value, int | float) else type(value).__name__
            raise ValueError(f"must be a decimal string such as {example!r}, not {came}")  # noqa: TRY004 - see _above_zero
        if not matches(value):
            raise ValueError(f"must be a decimal string such as {example!r} ({pattern})")
        return Decimal(value)

    return BeforeValidator(parse)


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _above_zero(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError("must be above 0")  # pydantic turns only ValueError into a field error
    return value


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
"""A tax rate in per cent: not negative, at most 6 decimals."""

ExchangeRate = Annotated[Rate, AfterValidator(_above_zero)]
"""Units of a document's currency for one unit of the organisation's base currency; above 0."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""
