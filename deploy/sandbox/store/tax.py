"""Magento's three ways to compute tax: by unit, by row, and by total with carried remainders [store 6].

Written from the rules, for integers; exact halves are rounded up at every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from deploy.sandbox.store.money import UNIT, WHOLE, half_up

Algorithm = Literal["unit", "row", "total"]
_BEFORE = "before discount"
_REGULAR = "regular"


class Rate(NamedTuple):
    """A tax rate; `rate` in thousandths of a per cent."""

    id: int
    code: str
    country: str
    rate: int


@dataclass(frozen=True, slots=True)
class TaxSettings:
    """What a website has configured. `inclusive`: catalogue and shipping prices hold the tax."""

    algorithm: Algorithm
    inclusive: bool
    after_discount: bool


class Taxed(NamedTuple):
    """One row, taxed. `row` and `row_incl` are before the discount, `tax` is what is due, `by_rate` its parts."""

    price: int
    price_incl: int
    row: int
    row_incl: int
    discount: int
    tax: int
    compensation: int
    by_rate: tuple[int, ...]


class Calculator:
    """Taxes the rows of one calculation; by total, each row hands what rounding left over to the next."""

    def __init__(self, settings: TaxSettings) -> None:
        self._settings = settings
        self._by_unit = settings.algorithm == "unit"
        self._carries = settings.algorithm == "total"
        self._carried: dict[tuple[int, str], int] = {}

    def row(self, price: int, quantity: int, discount: int, rates: Sequence[Rate]) -> Taxed:
        """Tax `quantity` of something; `price` is the catalogue's, `discount` is of the whole row."""
        if not rates:
            row = half_up(price * quantity, UNIT)
            return Taxed(price, price, row, row, discount, 0, 0, ())
        if self._settings.inclusive:
            tax_row = self._inclusive_by_unit if self._by_unit else self._inclusive
        else:
            tax_row = self._exclusive_by_unit if self._by_unit else self._exclusive
        return tax_row(price, quantity, discount, rates)

    def alone(self, amount: int, rates: Sequence[Rate]) -> tuple[int, ...]:
        """The tax on an untaxed amount, by rate, each rounded by itself, as for a fixed product tax."""
        return tuple(half_up(amount * rate.rate, WHOLE) for rate in rates)

    def _exclusive(self, price: int, quantity: int, discount: int, rates: Sequence[Rate]) -> Taxed:
        row = half_up(price * quantity, UNIT)
        full = [self._rounded(row * rate.rate, WHOLE, rate.id, self._first()) for rate in rates]
        due = full
        if self._settings.after_discount:
            taxable = max(row - discount, 0)
            due = [self._rounded(taxable * rate.rate, WHOLE, rate.id, _REGULAR) for rate in rates]
        row_incl = row + sum(full)
        return Taxed(price, half_up(row_incl * UNIT, quantity), row, row_incl, discount, sum(due), 0, tuple(due))

    def _inclusive(self, price: int, quantity: int, discount: int, rates: Sequence[Rate]) -> Taxed:
        rate = sum(rate.rate for rate in rates)
        row_incl = half_up(price * quantity, UNIT)
        full = self._rounded(row_incl * rate, WHOLE + rate, rate, self._first())
        due = full
        if self._settings.after_discount:
            due = self._rounded(max(row_incl - discount, 0) * rate, WHOLE + rate, rate, _REGULAR)
        row = row_incl - full
        net_price = half_up(row * UNIT, quantity)
        return Taxed(net_price, price, row, row_incl, discount, due, full - due, _split(due, rates))

    def _exclusive_by_unit(self, price: int, quantity: int, discount: int, rates: Sequence[Rate]) -> Taxed:
        full = sum(half_up(price * rate.rate, WHOLE) for rate in rates)
        taxable = price * quantity
        if self._settings.after_discount:
            taxable = max(taxable - discount * UNIT, 0)
        due = [half_up(half_up(taxable * rate.rate, WHOLE * quantity) * quantity, UNIT) for rate in rates]
        row, row_incl = half_up(price * quantity, UNIT), half_up((price + full) * quantity, UNIT)
        return Taxed(price, price + full, row, row_incl, discount, sum(due), 0, tuple(due))

    def _inclusive_by_unit(self, price: int, quantity: int, discount: int, rates: Sequence[Rate]) -> Taxed:
        rate = sum(rate.rate for rate in rates)
        full = half_up(price * rate, WHOLE + rate)
        unit_tax = full
        if discount and self._settings.after_discount:
            taxable = max(price * quantity - discount * UNIT, 0)
            unit_tax = half_up(taxable * rate, (WHOLE + rate) * quantity)
        row_incl = half_up(price * quantity, UNIT)
        row_tax, due = half_up(full * quantity, UNIT), half_up(unit_tax * quantity, UNIT)
        row = row_incl - row_tax
        return Taxed(price - full, price, row, row_incl, discount, due, row_tax - due, _split(due, rates))

    def _first(self) -> str:
        return _BEFORE if self._settings.after_discount else _REGULAR

    def _rounded(self, numerator: int, denominator: int, rate: int, kind: str) -> int:
        """Round; by total, with what is carried for this rate and kind of amount. Its denominator never changes."""
        if not self._carries:
            return half_up(numerator, denominator)
        numerator += self._carried.get((rate, kind), 0)
        rounded = half_up(numerator, denominator)
        self._carried[rate, kind] = numerator - rounded * denominator
        return rounded


def _split(tax: int, rates: Sequence[Rate]) -> tuple[int, ...]:
    """A tax over the rates it is made of; the last takes what is left."""
    if len(rates) == 1:
        return (tax,)
    whole = sum(rate.rate for rate in rates)
    parts = [half_up(tax * rate.rate, whole) for rate in rates[:-1]]
    return (*parts, tax - sum(parts))
