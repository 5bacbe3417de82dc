"""From an order to its invoices and credit memos: parts of its amounts; the last takes what is left [store 6.2]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from deploy.sandbox.store.amounts import NOTHING, Amounts, DocumentSide, Side, Sums, total
from deploy.sandbox.store.model import Invoice, Memo, Order, OrderRow
from deploy.sandbox.store.money import RATE_SCALE, half_up

Quantities = Mapping[int, int]
Shipping = Literal["less its discount", "in full"]


@dataclass(frozen=True, slots=True)
class Refund:
    """What a credit memo pays back: quantities by row, a part of the shipping in per cent of what is left of it.

    `positive` and `negative` adjust it, in the order's currency.
    """

    quantities: Quantities
    shipping_percent: int = 0
    positive: int = 0
    negative: int = 0


def with_parts(order: Order, quantities: Quantities) -> dict[int, int]:
    """Quantities of rows without a parent, completed with those of what belongs to them."""
    places = {id(row): index for index, row in enumerate(order.rows)}
    complete = dict(quantities)
    for index, row in enumerate(order.rows):
        if row.parent is not None and (quantity := quantities.get(places[id(row.parent)])):
            complete[index] = row.quantity * quantity // row.parent.quantity
    return dict(sorted(complete.items()))


def bill(order: Order, quantities: Quantities) -> tuple[DocumentSide, DocumentSide]:
    """Invoice these quantities of the order's rows, in the order's currency and in the website's."""
    shipping: Shipping | None = None
    if not any(row.invoiced for row in order.rows):
        # a cancelled invoice is asked for its discount as well: what it took off the shipping is not taken off again
        shipping = "in full" if any(one.own.amounts.discount for one in order.invoices) else "less its discount"
    own = _bill(order, order.own, quantities, shipping)
    base = own if order.base is order.own else _bill(order, order.base, quantities, shipping)
    for index, quantity in quantities.items():
        order.rows[index].invoiced += quantity
    return own, base


def withdraw(invoice: Invoice) -> None:
    """Cancel an open invoice: what it billed can be billed again."""
    order = invoice.order
    for side, document in _sides(invoice):
        for index, part in document.lines:
            if part is not None:
                side.lines[index].invoiced = side.lines[index].invoiced.minus(part)
        if document.amounts.shipping != NOTHING:
            side.shipping.invoiced = NOTHING
        side.cards_invoiced -= document.amounts.gift_cards
        side.credit_invoiced -= document.amounts.store_credit
    for (index, _), quantity in zip(invoice.own.lines, invoice.quantities, strict=True):
        order.rows[index].invoiced -= quantity


def _sides(document: Invoice | Memo) -> list[tuple[Side, DocumentSide]]:
    """Its order's sums and its own: in the order's currency, and in the website's where that is another."""
    order, own = document.order, (document.order.own, document.own)
    return [own] if order.base is order.own else [own, (order.base, document.base)]


def take_back(memo: Memo) -> None:
    """Cancel an open credit memo: what it refunded can be refunded again."""
    order = memo.order
    for side, document in _sides(memo):
        for index, part in document.lines:
            if part is not None:
                side.lines[index].refunded = side.lines[index].refunded.minus(part)
        side.shipping.refunded = side.shipping.refunded.minus(document.amounts.shipping)
        side.cards_refunded -= document.amounts.gift_cards
        side.credit_refunded -= document.amounts.store_credit
    for (index, _), quantity in zip(memo.own.lines, memo.quantities, strict=True):
        order.rows[index].refunded -= quantity


def refund(order: Order, order_to: Refund) -> tuple[DocumentSide, DocumentSide]:
    """Refund these quantities, in the order's currency and in the website's."""
    own = _refund(order, order.own, order_to, RATE_SCALE)
    base = own if order.base is order.own else _refund(order, order.base, order_to, order.own.rate)
    for index, quantity in order_to.quantities.items():
        order.rows[index].refunded += quantity
    return own, base


def _bill(order: Order, side: Side, quantities: Quantities, shipping: Shipping | None) -> DocumentSide:
    lines: list[tuple[int, Sums | None]] = []
    for index, quantity in quantities.items():
        row, line = order.rows[index], side.lines[index]
        if not row.money:
            lines.append((index, None))
            continue
        part = line.sums.minus(line.invoiced).part(quantity, row.quantity - row.invoiced)
        line.invoiced = line.invoiced.plus(part)
        lines.append((index, part))
    charged = NOTHING
    if shipping is not None:
        # refunds of it are a part of the order's, whatever was billed
        side.shipping.invoiced = charged = side.shipping.sums
    if shipping == "in full":
        charged = charged._replace(discount=0)
    amounts = _amounts(order, lines, charged)
    cards = min(side.amounts.gift_cards - side.cards_invoiced, amounts.sale)
    credit = min(side.amounts.store_credit - side.credit_invoiced, amounts.sale - cards)
    side.cards_invoiced += cards
    side.credit_invoiced += credit
    return DocumentSide(tuple(lines), _amounts(order, lines, charged, gift_cards=cards, store_credit=credit))


def _refund(order: Order, side: Side, order_to: Refund, rate: int) -> DocumentSide:
    lines: list[tuple[int, Sums | None]] = []
    for index, quantity in order_to.quantities.items():
        row, line = order.rows[index], side.lines[index]
        if not row.money:
            lines.append((index, None))
            continue
        part = line.invoiced.minus(line.refunded).part(quantity, row.invoiced - row.refunded)
        line.refunded = line.refunded.plus(part)
        lines.append((index, part))
    shipping = side.shipping
    back = shipping.invoiced.minus(shipping.refunded).part(order_to.shipping_percent, 100)
    shipping.refunded = shipping.refunded.plus(back)
    adjusted = {
        "positive": half_up(order_to.positive * RATE_SCALE, rate),
        "negative": half_up(order_to.negative * RATE_SCALE, rate),
    }
    amounts = _amounts(order, lines, back, **adjusted)
    cards = min(side.cards_invoiced - side.cards_refunded, amounts.sale)
    credit = min(side.credit_invoiced - side.credit_refunded, amounts.sale - cards)
    side.cards_refunded += cards
    side.credit_refunded += credit
    return DocumentSide(tuple(lines), _amounts(order, lines, back, gift_cards=cards, store_credit=credit, **adjusted))


def _amounts(order: Order, lines: list[tuple[int, Sums | None]], shipping: Sums, **more: int) -> Amounts:
    goods = total(part for _, part in lines if part is not None)
    return Amounts(goods, shipping, order.view.website.fpt_in_subtotal, **more)


def open_quantities(order: Order) -> dict[int, int]:
    """What is not invoiced yet, by row."""
    return {index: left for index, row in enumerate(order.rows) if (left := _uninvoiced(row)) > 0}


def refundable_quantities(order: Order) -> dict[int, int]:
    """What is invoiced and not refunded yet, by row."""
    return {index: left for index, row in enumerate(order.rows) if (left := row.invoiced - row.refunded) > 0}


def _uninvoiced(row: OrderRow) -> int:
    return row.quantity - row.invoiced - row.cancelled
