"""From a basket to the amounts of an order [store 6.1]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.sandbox.store.amounts import Amounts, Line, Side, Sums, total
from deploy.sandbox.store.model import OrderRow
from deploy.sandbox.store.money import RATE_SCALE, UNIT, half_up
from deploy.sandbox.store.shop import Website
from deploy.sandbox.store.tax import Calculator, Rate


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought. `shipping` is None where nothing is sent; `percent_off` is in whole per cent.

    `cards` and `credit` are what the buyer has on gift cards and as store credit, in the website's currency.
    """

    website: Website
    rows: Sequence[OrderRow]
    shipping: int | None
    shipping_rates: tuple[Rate, ...]
    percent_off: int = 0
    shipping_off: bool = False
    cards: int = 0
    credit: int = 0


def collect(basket: Basket, rate: int) -> Side:
    """The order's amounts in a currency of which one unit of the website's buys `rate` / 10,000."""
    calculator = Calculator(basket.website.taxes)
    lines = [_line(basket, row, rate, calculator) for row in basket.rows]
    _sum_up_bundles(basket.rows, lines)
    shipping = _shipping(basket, rate)
    goods = total(line.sums for row, line in zip(basket.rows, lines, strict=True) if row.money)
    amounts = Amounts(goods, shipping.sums, basket.website.fpt_in_subtotal)
    cards = min(convert(basket.cards, rate), amounts.sale)
    credit = min(convert(basket.credit, rate), amounts.sale - cards)
    amounts = Amounts(goods, shipping.sums, basket.website.fpt_in_subtotal, cards, credit)
    return Side(rate, lines, shipping, amounts)


def convert(amount: int, rate: int) -> int:
    """An amount of the website's currency in the order's."""
    return amount if rate == RATE_SCALE else half_up(amount * rate, RATE_SCALE)


def _line(basket: Basket, row: OrderRow, rate: int, calculator: Calculator) -> Line:
    price = convert(row.unit_price, rate)
    if not row.money:
        return Line(original_price=price)
    discount = half_up(half_up(price * row.quantity, UNIT) * basket.percent_off, 100) if _reduced(row) else 0
    taxed = calculator.row(price, row.quantity, discount, row.rates)
    unit = convert(row.fpt, rate)
    fpt = half_up(unit * row.quantity, UNIT)
    by_rate = calculator.alone(fpt, row.rates) if fpt and basket.website.fpt_taxed else ()
    sums = Sums(taxed.row, taxed.row_incl, discount, taxed.tax, taxed.compensation, fpt, sum(by_rate))
    return Line(taxed.price, taxed.price_incl, price, unit, sums, taxed.by_rate, by_rate)


def _reduced(row: OrderRow) -> bool:
    """No coupon makes a gift card cheaper."""
    return row.type != "giftcard"


def _sum_up_bundles(rows: Sequence[OrderRow], lines: list[Line]) -> None:
    """A bundle with the prices of its parts shows their sums, and no discount [store 4.4]."""
    for index, row in enumerate(rows):
        if row.product.dynamic and row.parent is None:
            parts = total(line.sums for part, line in zip(rows, lines, strict=True) if part.parent is row)
            price = half_up(parts.row * UNIT, row.quantity)
            incl = half_up(parts.row_incl * UNIT, row.quantity)
            shown = Sums(row=parts.row, row_incl=parts.row_incl, tax=parts.tax, compensation=parts.compensation)
            lines[index] = Line(price, incl, price, sums=shown)


def _shipping(basket: Basket, rate: int) -> Line:
    """Shipping is taxed by itself, by the same rules."""
    if not basket.shipping:
        return Line()
    price = convert(basket.shipping, rate)
    discount = half_up(price * basket.percent_off, 100) if basket.shipping_off else 0
    taxed = Calculator(basket.website.taxes).row(price, UNIT, discount, basket.shipping_rates)
    sums = Sums(taxed.row, taxed.row_incl, discount, taxed.tax, taxed.compensation)
    return Line(taxed.row, taxed.row_incl, price, sums=sums, by_rate=taxed.by_rate)
