"""What Xero will make of a document's lines.

`LineAmountTypes` is Exclusive, `unitdp` 4, every line has its `TaxAmount`: a line is quantity times unit amount,
rounded to 2 decimals, and the sums are those of the rounded lines. Xero does not say how it rounds an exact half, and
mapping sends none.
https://developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

CENT = Decimal("0.01")
UNIT = Decimal("0.0001")
ZERO = Decimal(0)


class Prediction(NamedTuple):
    """The sums Xero will show."""

    net: Decimal
    tax: Decimal
    gross: Decimal


def cents(value: Decimal) -> Decimal:
    """Rounded half up to 2 decimals."""
    return value if value.same_quantum(CENT) else value.quantize(CENT, ROUND_HALF_UP)


@lru_cache(4096)  # a shop's prices and quantities come again and again
def line_amount(quantity: Decimal, unit_amount: Decimal) -> Decimal:
    """What Xero makes of a quantity and a price."""
    if not unit_amount.same_quantum(UNIT):
        unit_amount = unit_amount.quantize(UNIT, ROUND_HALF_UP)
    return (quantity * unit_amount).quantize(CENT, ROUND_HALF_UP)


def predict(lines: Iterable[Mapping[str, Any]]) -> Prediction:
    """The sums of a document with these lines."""
    return summed([_of_line(line) for line in lines])


def summed(parts: Iterable[Prediction]) -> Prediction:
    """The sums of a document that consists of these."""
    net = tax = ZERO
    for of_net, of_tax, _ in parts:
        net += of_net
        tax += of_tax
    return Prediction(net, tax, net + tax)


def _of_line(line: Mapping[str, Any]) -> Prediction:
    net, tax = line_amount(line["Quantity"], line["UnitAmount"]), cents(line["TaxAmount"])
    return Prediction(net, tax, net + tax)
