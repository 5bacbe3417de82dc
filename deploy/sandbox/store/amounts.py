"""The amounts of a sale in one currency: rows, shipping, totals, what is invoiced and refunded of them [store 6]."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from deploy.sandbox.store.money import share


class Sums(NamedTuple):
    """Amounts of one row, of shipping, or of several rows. `row` and `row_incl` are before the discount.

    `fpt` is a fixed product tax without its own tax, which is `fpt_tax`.
    """

    row: int = 0
    row_incl: int = 0
    discount: int = 0
    tax: int = 0
    compensation: int = 0
    fpt: int = 0
    fpt_tax: int = 0

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums._make(a + b for a, b in zip(self, other, strict=True))

    def minus(self, other: Sums) -> Sums:
        """What is left without the other."""
        return Sums._make(a - b for a, b in zip(self, other, strict=True))

    def part(self, quantity: int, of: int) -> Sums:
        """A part; the whole when nothing would be left. What is due of it stays the difference of its parts."""
        if quantity == of:
            return self
        unpaid = share(self.row_incl - self.row - self.tax - self.compensation, quantity, of)
        parts = Sums._make(share(amount, quantity, of) for amount in self)
        return parts._replace(row_incl=parts.row + parts.tax + parts.compensation + unpaid)

    @property
    def gross(self) -> int:
        """What is paid for it, without fixed product taxes."""
        return self.row - self.discount + self.tax + self.compensation


NOTHING = Sums()


def total(parts: Iterable[Sums]) -> Sums:
    """All together."""
    columns = list(zip(*parts, strict=True))
    return Sums._make(map(sum, columns)) if columns else NOTHING


@dataclass(slots=True)
class Line:
    """One row of an order in one currency, or its shipping, and how much of it is invoiced and refunded."""

    price: int = 0
    price_incl: int = 0
    original_price: int = 0
    fpt_unit: int = 0
    sums: Sums = NOTHING
    by_rate: tuple[int, ...] = ()
    fpt_by_rate: tuple[int, ...] = ()
    invoiced: Sums = NOTHING
    refunded: Sums = NOTHING


@dataclass(frozen=True, slots=True)
class Amounts:
    """The totals of an order, invoice or credit memo in one currency; the identities of its kind hold for them."""

    goods: Sums
    shipping: Sums = NOTHING
    fpt_in_subtotal: bool = False
    gift_cards: int = 0
    store_credit: int = 0
    positive: int = 0
    negative: int = 0
    sale: int = field(init=False)
    """What the sale is worth, before gift cards and store credit, after adjustments."""

    def __post_init__(self) -> None:
        """Add up once: it is read often."""
        goods, shipping = self.goods, self.shipping
        rows = goods.row + goods.fpt + shipping.row - goods.discount - shipping.discount
        tax = goods.tax + goods.fpt_tax + shipping.tax
        compensation = goods.compensation + shipping.compensation
        object.__setattr__(self, "sale", rows + tax + compensation + self.positive - self.negative)

    @property
    def subtotal(self) -> int:
        """Net of the rows before discounts."""
        return self.goods.row + (self.goods.fpt if self.fpt_in_subtotal else 0)

    @property
    def subtotal_incl(self) -> int:
        """Gross of the rows before discounts."""
        return self.goods.row_incl + (self.goods.fpt if self.fpt_in_subtotal else 0)

    @property
    def discount(self) -> int:
        """All discounts, above zero."""
        return self.goods.discount + self.shipping.discount

    @property
    def tax(self) -> int:
        """All tax."""
        return self.goods.tax + self.goods.fpt_tax + self.shipping.tax

    @property
    def grand_total(self) -> int:
        """What is left to pay, or to pay back, in money."""
        return self.sale - self.gift_cards - self.store_credit


@dataclass(slots=True)
class Side:
    """An order in one currency. `rate` is units of it for one unit of the website's, times 10,000."""

    rate: int
    lines: list[Line]
    shipping: Line
    amounts: Amounts
    cards_invoiced: int = 0
    cards_refunded: int = 0
    credit_invoiced: int = 0
    credit_refunded: int = 0


@dataclass(frozen=True, slots=True)
class DocumentSide:
    """An invoice or credit memo in one currency. `lines` by the index of the order's row; `None`: carries no money."""

    lines: tuple[tuple[int, Sums | None], ...]
    amounts: Amounts
