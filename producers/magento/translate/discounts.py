"""Whether a shop taxes prices before their discount, as the figures of an order show. Pure.

Magento does not say which setting it has. The tax does: it fits the rate of the one amount or of the other. All rows of
an order have the same setting, and so have its invoices and credit memos.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from producers.magento.translate.items import counting, fixed_tax
from producers.magento.translate.taxes import AppliedTax, Taxes
from producers.magento.translate.values import CENT, Raw, amount
from schemas.parts import ZERO

_HALF_A_CENT = Decimal("0.005")
_ONE = Decimal(1)


class _Discounted(NamedTuple):
    """A row with its net after the discount. `compensation` is the tax that the discount took from a gross price."""

    net: Decimal
    discount: Decimal
    compensation: Decimal
    tax: Decimal
    applied: AppliedTax
    quantity: Decimal = _ONE

    @property
    def slack(self) -> Decimal:
        """How far off rounding may be: by the unit it is done for each piece, and for each of several rates.

        Where prices include tax, the net is what the rounded tax leaves, and is off by as much.
        """
        rates = self.applied.code.count("+") + 1
        return _HALF_A_CENT * rates * (max(self.quantity, _ONE) + 1) * (1 + (self.applied.rate or ZERO) / 100)

    @property
    def full(self) -> Decimal:
        """The net before the discount."""
        return self.net + self.discount

    def off(self, taxed: Decimal) -> Decimal:
        """How far the tax is from the rate's of that amount."""
        return abs(self.tax - taxed * (self.applied.rate or ZERO) / 100)

    def says_before(self) -> bool:
        """The tax cannot be that of the discounted price."""
        return self.slack < self.off(self.net) > self.off(self.full)

    def says_after(self) -> bool:
        """The tax cannot be that of the full price."""
        return self.compensation > 0 or self.slack < self.off(self.full) > self.off(self.net)


def taxed_before_discount(order: Raw, taxes: Taxes) -> bool:
    """What is in doubt counts as taxed after the discount, as Magento does unless told otherwise.

    Where only rounding by the unit could explain a discounted price, but the full one of every row fits to the cent, it
    is no doubt: that would be a coincidence.
    """
    found = [row for row in (*_goods(order, taxes), _shipping(order, taxes)) if row.discount and row.tax]
    rated = [row for row in found if row.applied.rate]
    if any(row.says_after() for row in rated):
        return False
    fits = all(row.off(row.full) <= CENT for row in rated) and any(row.off(row.net) > CENT for row in rated)
    return fits or any(row.says_before() for row in rated)


def _goods(order: Raw, taxes: Taxes) -> Iterator[_Discounted]:
    for item in counting(order).values():
        _, weee, _ = fixed_tax(item)
        tax, compensation = amount(item, "tax_amount"), amount(item, "discount_tax_compensation_amount")
        net = amount(item, "row_total_incl_tax") - weee - tax
        discount = amount(item, "discount_amount") - compensation
        applied = taxes.of_item(item, tax)
        yield _Discounted(net, discount, compensation, tax, applied, amount(item, "qty_ordered"))


def _shipping(order: Raw, taxes: Taxes) -> _Discounted:
    tax, compensation = amount(order, "shipping_tax_amount"), amount(order, "shipping_discount_tax_compensation_amount")
    discount = amount(order, "shipping_discount_amount") - compensation
    net = amount(order, "shipping_amount") - discount
    return _Discounted(net, discount, compensation, tax, taxes.of_charge("shipping", tax))
