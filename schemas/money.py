"""Money, quantities and rates on the wire: decimal strings, never floats."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic_core import core_schema

from schemas.errors import json_name

_CENTS = r"^-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$"
_UNITS = r"^-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,4})?$"
_RATIO = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$"


@dataclass(frozen=True, slots=True)
class _DecimalString:
    """A decimal as text. What has been checked is written without an exponent by `str`, half as long as `format`."""

    pattern: str
    example: str
    make: Callable[[str], Decimal] = Decimal

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._parser(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                Decimal.__str__, return_schema=core_schema.str_schema()
            ),
        )

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": self.pattern, "examples": [self.example]}

    def _parser(self) -> Callable[[object], Decimal]:
        matches, pattern, example = re.compile(self.pattern).fullmatch, self.pattern, self.example

        def parse(value: object) -> Decimal:
            if isinstance(value, Decimal):
                if matches(str(value)):
                    return value
                value = format(value, "f")
            if not isinstance(value, str):
                came = json_name(value)
                raise ValueError(f"must be a decimal string such as {example!r}, not {came}")  # noqa: TRY004 - see _above_zero
            if not matches(value):
                raise ValueError(f"must be a decimal string such as {example!r} ({pattern})")
            return Decimal(value)

        return parse


def _above_zero(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError("must be above 0")  # pydantic turns only ValueError into a field error
    return value


Cents = Annotated[Decimal, _DecimalString(_CENTS, "12.50")]
"""An amount of money, at most 2 decimals. The currency stands in the document's header."""

UnitPrice = Annotated[Decimal, _DecimalString(_UNITS, "12.5000")]
"""A price of one unit, at most 4 decimals (Xero's `unitdp=4`)."""

Quantity = Annotated[Decimal, _DecimalString(_UNITS, "2")]
"""How many, at most 4 decimals."""

Rate = Annotated[Decimal, _DecimalString(_RATIO, "20")]
"""A tax rate in per cent: not negative, at most 6 decimals."""

ExchangeRate = Annotated[Rate, AfterValidator(_above_zero)]
"""Units of a document's currency for one unit of the organisation's base currency; above 0."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""
