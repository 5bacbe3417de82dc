"""A document's own sums: what its header says the rows must add up to, and what is left over. Pure.

Magento's header adds up in different ways by kind of document and by configuration (whether the subtotal holds fixed
product taxes, whether the compensation holds that of shipping); the way that fits the rows best is taken. Rows that
fit none, by more than rounding, are not understood and become no event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from producers.magento.translate.lines import order_lines
from producers.magento.translate.points import Sums, points_paid
from producers.magento.translate.values import CENT, Raw, Unreadable, amount, are_usual, cents, extension, money, rows
from schemas.part import unchecked
from schemas.parts import ZERO, Adjustment, Line, LineKind, Residual, Tender, Totals

GIFT_CARD = "gift_card"
STORE_CREDIT = "store_credit"
REWARD = "reward_points"

_SUMMED = ("subtotal", "discount_amount", "shipping_amount", "tax_amount", "discount_tax_compensation_amount")
_SHIPPING_COMPENSATION = "shipping_discount_tax_compensation_amount"
_WRAPPING = ("gw_price", "gw_items_price", "gw_card_price")
_LEAST_TOLERANCE = Decimal("0.05")
_NO_RESIDUAL = Residual(net=Decimal("0.00"), tax=Decimal("0.00"))


@dataclass(frozen=True, slots=True)
class Figures:
    """The lines and sums of one document. `owed` is what is left to pay after gift cards, credit and points."""

    lines: tuple[Line, ...]
    adjustments: tuple[Adjustment, ...]
    totals: Totals
    residual: Residual
    owed: Decimal
    tenders: tuple[Tender, ...]


def figures(
    document: Raw,
    lines: Sequence[Line],
    adjustments: Sequence[Adjustment] = (),
    *,
    reward: Decimal,
    order: Raw | None = None,
    fees: Sequence[Line] = (),
) -> Figures:
    """Bring lines and header together. Raises `Unreadable` with both sums.

    `reward` is what reward points paid of the order. For a part of it, `order` is the order: the part's own points are
    found in its total. `fees` are those of the order; REST does not say which document holds them, only the total does.
    """
    stated = extension(document)
    owed = money(document, "grand_total")
    gift_cards, credit = money(stated, "gift_cards_amount"), money(stated, "customer_balance_amount")
    expected = _expected(document, lines, adjustments)
    paid, points = owed + gift_cards + credit, reward
    if reward and order is not None:
        adjusted = _sum([one.amount for one in adjustments])
        own = Sums(parts=expected - adjusted, paid=paid - adjusted)
        points = points_paid(own, _sums_of_order(order, fees), reward, owes=owed > 0)
    gross = paid + points
    if fees and abs(gross - expected - _sum([fee.gross for fee in fees])) <= CENT:
        lines = [*lines, *fees]
    spent = ((GIFT_CARD, gift_cards), (STORE_CREDIT, credit), (REWARD, points))
    totals = _totals(gross, money(document, "tax_amount"))
    return Figures(
        lines=tuple(lines),
        adjustments=tuple(adjustments),
        totals=totals,
        residual=_residual(totals, lines, adjustments),
        owed=owed,
        tenders=tuple(tender(method, value) for method, value in spent if value > 0),
    )


def tender(method: str, value: Decimal) -> Tender:
    """What paid, or will; `method` is a word of ours, or the order's."""
    fields: dict[str, Any] = {"method": method, "amount": value}
    return unchecked(Tender, fields) if are_usual(value) else Tender(**fields)


def _totals(gross: Decimal, tax: Decimal) -> Totals:
    sums = {"net": gross - tax, "tax": tax, "gross": gross}
    return unchecked(Totals, sums) if are_usual(*sums.values()) else Totals(**sums)


def _sums_of_order(order: Raw, fees: Sequence[Line]) -> Sums:
    parts, _ = _nearest(order, order_lines(order))
    stated = extension(order)
    tendered = money(stated, "gift_cards_amount") + money(stated, "customer_balance_amount")
    return Sums(parts - _sum([fee.gross for fee in fees]), money(order, "grand_total") + tendered)


def _expected(document: Raw, lines: Sequence[Line], adjustments: Sequence[Adjustment]) -> Decimal:
    """What the header's parts make.

    The adjustments are the document's: an order's header has some too, those of its credit memos.
    """
    adjusted = _sum([one.amount for one in adjustments])
    nearest, of_rows = _nearest(document, lines)
    if abs(nearest - of_rows) > max(_LEAST_TOLERANCE, CENT * len(lines)):
        raise Unreadable(f"its rows add up to {of_rows + adjusted}, its own figures to {nearest + adjusted}")
    return nearest + adjusted


def _nearest(document: Raw, lines: Sequence[Line]) -> tuple[Decimal, Decimal]:
    """What the header's parts make, in the way that is nearest to the rows; and what the rows make."""
    of_rows = _sum([line.gross for line in lines])
    return min(_ways(document, lines), key=lambda way: abs(way - of_rows)), of_rows


def _ways(document: Raw, lines: Sequence[Line]) -> set[Decimal]:
    stated = extension(document)
    beside = _sum([amount(stated, name) for name in _WRAPPING])
    beside += _sum([amount(fee, "custom_fee_amount") for fee in rows(stated, "custom_fees")])
    base = _sum([amount(document, name) for name in _SUMMED]) + beside
    fixed_taxes = _sum([line.net for line in lines if line.kind is LineKind.FEE]) - beside
    compensation = amount(document, _SHIPPING_COMPENSATION)
    return {cents(base + one + other) for one in {ZERO, fixed_taxes} for other in {ZERO, compensation}}


def _residual(totals: Totals, lines: Sequence[Line], adjustments: Sequence[Adjustment]) -> Residual:
    net = totals.net - _sum([line.net for line in lines]) - _sum([one.amount for one in adjustments])
    tax = totals.tax - _sum([line.tax for line in lines])
    return Residual(net=net, tax=tax) if net or tax else _NO_RESIDUAL


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
