"""Magento's three ways to compute a row's tax: by unit, by row, by total with carried remainders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Algorithm = Literal["unit", "row", "total"]
CENT = Decimal("0.01")
ZERO = Decimal(0)


def cents(value: Decimal) -> Decimal:
    """Rounded as PHP does it."""
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Rate:
    """A tax rate in per cent."""

    code: str
    percent: Decimal


@dataclass(frozen=True)
class Setting:
    """How a shop computes tax."""

    algorithm: Algorithm = "total"
    inclusive: bool = False
    after_discount: bool = True


@dataclass(frozen=True)
class Amounts:
    """One row as the database holds it: net and gross before the discount, tax after it where so configured."""

    net: Decimal = ZERO
    gross: Decimal = ZERO
    discount: Decimal = ZERO
    tax: Decimal = ZERO
    compensation: Decimal = ZERO

    @property
    def due(self) -> Decimal:
        """What the row costs in the end (identity L)."""
        return self.net - self.discount + self.tax + self.compensation

    def part(self, share: Decimal) -> Amounts:
        """A part of the row, each amount rounded by itself."""
        amounts = (self.net, self.gross, self.discount, self.tax, self.compensation)
        return Amounts(*(cents(one * share) for one in amounts))

    def minus(self, other: Amounts) -> Amounts:
        """What is left of the row."""
        return Amounts(
            self.net - other.net,
            self.gross - other.gross,
            self.discount - other.discount,
            self.tax - other.tax,
            self.compensation - other.compensation,
        )


@dataclass
class Calculator:
    """Taxes the rows of one sale; by total, what rounding left over goes to the next row of the same rate."""

    setting: Setting
    _carried: defaultdict[tuple[str, bool], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def row(self, price: Decimal, quantity: Decimal, discount: Decimal, rates: Sequence[Rate]) -> Amounts:
        """Tax `quantity` at the catalogue's price; the discount is of the whole row, and as the price includes tax."""
        base = cents(price * quantity)
        full = self._tax(price, quantity, ZERO, rates, before=True)
        late = self.setting.after_discount
        due = self._tax(price, quantity, discount, rates, before=False) if late and discount else full
        if self.setting.inclusive:
            return Amounts(base - full, base, discount, due, full - due)
        return Amounts(base, base + full, discount, due)

    def _tax(
        self, price: Decimal, quantity: Decimal, discount: Decimal, rates: Sequence[Rate], *, before: bool
    ) -> Decimal:
        if self.setting.inclusive:
            whole = sum((rate.percent for rate in rates), ZERO)
            return self._share(price, quantity, discount, whole / (100 + whole), f"{whole}", before=before)
        taxes = (self._share(price, quantity, discount, rate.percent / 100, rate.code, before=before) for rate in rates)
        return sum(taxes, ZERO)

    def _share(
        self, price: Decimal, quantity: Decimal, discount: Decimal, factor: Decimal, key: str, *, before: bool
    ) -> Decimal:
        taxable = max(price * quantity - discount, ZERO)
        if self.setting.algorithm == "unit":
            return cents(cents(taxable / quantity * factor) * quantity)
        if self.setting.algorithm == "row":
            return cents(taxable * factor)
        exact = taxable * factor + self._carried[key, before]
        rounded = max(cents(exact), ZERO)
        self._carried[key, before] = exact - rounded
        return rounded
