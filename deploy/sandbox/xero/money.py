"""The arithmetic of lines and documents, as Xero does it [xero 5.2]. Pure; amounts are Decimal.

What each line needs is a tuple, which is made in half the time of a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from deploy.sandbox.xero.errors import Refused

ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_CENT = Decimal("0.01")
_UNITS = {2: _CENT, 4: Decimal("0.0001"), 6: Decimal("0.000001")}
RATE_PLACES = 6
"""Of a currency rate [xero 4.3]."""

_LARGEST = Decimal("9999999999.99")


class AmountsAre(StrEnum):
    """`LineAmountTypes`: what the amounts of the lines hold."""

    EXCLUSIVE = "Exclusive"
    INCLUSIVE = "Inclusive"
    NO_TAX = "NoTax"


class Given(NamedTuple):
    """The figures of a line as they came; None where nothing came."""

    quantity: Decimal | None
    unit_amount: Decimal | None
    line_amount: Decimal | None
    tax_amount: Decimal | None
    discount_rate: Decimal | None = None
    discount_amount: Decimal | None = None


class Figures(NamedTuple):
    """The figures of a line as they stand. `tax` is inside `line_amount` where amounts are inclusive."""

    quantity: Decimal
    unit_amount: Decimal
    line_amount: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a document."""

    net: Decimal
    tax: Decimal
    gross: Decimal


def round_to(value: Decimal, places: int) -> Decimal:
    """Round to 2, 4 or 6 places, exact halves away from zero."""
    return value.quantize(_UNITS[places], ROUND_HALF_UP)


def cents(value: Decimal) -> Decimal:
    """Round to two places, exact halves away from zero."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def figures(given: Given, *, rate: Decimal, amounts_are: AmountsAre, places: int) -> Figures:
    """Work one line out. `rate` is a percentage; `places` are those of the unit price. Raises Refused."""
    quantity = round_to(Decimal(1) if given.quantity is None else given.quantity, 4)
    unit = _unit_amount(given, quantity, places)
    line = _discounted(quantity, unit, given)
    _check_line_amount(given, line)
    return Figures(quantity, unit, line, _tax(given, line, rate, amounts_are))


def _unit_amount(given: Given, quantity: Decimal, places: int) -> Decimal:
    if given.unit_amount is not None:
        return round_to(given.unit_amount, places)
    if given.line_amount is None or not quantity:
        return ZERO
    return round_to(given.line_amount / quantity, places)


def _discounted(quantity: Decimal, unit: Decimal, given: Given) -> Decimal:
    full = quantity * unit
    if given.unit_amount is None and given.line_amount is not None:
        return cents(given.line_amount)
    if given.discount_amount is not None:
        if abs(given.discount_amount) > abs(full):
            raise Refused(_over_discount(given.discount_amount / full * _HUNDRED if full else _HUNDRED))
        return cents(full - given.discount_amount)
    rate = given.discount_rate
    if not rate:
        return cents(full)
    if rate > _HUNDRED:
        raise Refused(_over_discount(rate))
    return cents(full * (_HUNDRED - rate) / _HUNDRED)


def _over_discount(rate: Decimal) -> str:
    return f"The discount rate '{cents(rate)}' is invalid. Discount must not be greater than the line total."


def _check_line_amount(given: Given, expected: Decimal) -> None:
    if abs(expected) > _LARGEST:
        raise Refused("The line amount must not be greater than 9999999999.99")
    sent = given.line_amount
    if sent is None:
        return
    vanished = not sent and (given.discount_rate or given.discount_amount)
    if sent != expected or vanished:
        raise Refused(f"The line total {sent} does not match the expected line total {expected}")


def _tax(given: Given, line: Decimal, rate: Decimal, amounts_are: AmountsAre) -> Decimal:
    if amounts_are is AmountsAre.NO_TAX:
        return ZERO
    if given.tax_amount is not None:
        # a negative line takes its tax back: nothing above 0 is not above its amount
        if abs(given.tax_amount) > abs(line) or line < 0 < given.tax_amount:
            raise Refused("Tax amount cannot be greater than the line amount")
        return cents(given.tax_amount)
    if amounts_are is AmountsAre.INCLUSIVE:
        return line - cents(line / (1 + rate / _HUNDRED))
    return cents(line * rate / _HUNDRED)


def totals(lines: Iterable[Figures], amounts_are: AmountsAre) -> Totals:
    """Sum the lines; every rounding has happened by now."""
    line_sum = tax = ZERO
    for line in lines:
        line_sum += line.line_amount
        tax += line.tax
    net = line_sum - tax if amounts_are is AmountsAre.INCLUSIVE else line_sum
    return Totals(net, tax, net + tax)
