"""What an entity means to the books: sales with their tax, and money that moved [store 7]."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from deploy.sandbox.store.amounts import DocumentSide, Sums
from deploy.sandbox.store.model import CANCELLED, OPEN, PAID, REFUNDED, UNDECIDED, Invoice, Memo, Order, Product
from deploy.sandbox.store.registry import Entity
from deploy.sandbox.store.shop import Website
from deploy.sandbox.store.tax import Rate
from deploy.sandbox.store.traits import traits_of

Split = Mapping[tuple[str, int], tuple[int, int]]


class Document(NamedTuple):
    """A sale or refund. `by_rate`: net and tax by the rate's codes, joined with `+`, and its sum.

    `customer_id` and `email` say whose order it is; invoices and credit memos leave that to their order. These have
    `traits`.
    """

    kind: str
    number: str
    id: int
    order_id: int
    website: str
    currency: str
    date: str
    net: int
    tax: int
    cancelled: bool
    by_rate: Split
    customer_id: int | None = None
    email: str = ""
    traits: tuple[str, ...] = ()


class Money(NamedTuple):
    """Money that moved, or is said to have moved: `online` through a gateway, which proves it."""

    direction: str
    method: str
    online: bool
    order_id: int
    document_id: int
    website: str
    currency: str
    date: str
    amount: int


class Facts(NamedTuple):
    """What one entity books."""

    document: Document
    money: tuple[Money, ...] = ()


def facts_of(entity: Entity) -> Facts | str | None:
    """The facts of an order, invoice or credit memo, the type of a product; other entities book nothing.

    Nor do an order of which nobody knows yet whether it is a sale, and a credit memo that is open.
    """
    if isinstance(entity, Product):
        return entity.type
    if _is_undecided(entity):
        return None
    if isinstance(entity, Order):
        lines = [line.sums for row, line in zip(entity.rows, entity.own.lines, strict=True) if row.money]
        rates = [row.rates for row in entity.rows if row.money]
        split = _split(entity, list(zip(rates, lines, strict=True)), entity.own.amounts.shipping, 0)
        document = _document("order", entity, entity, split, cancelled=entity.state == "canceled")
        return Facts(document._replace(customer_id=entity.customer_id, email=entity.email))
    if isinstance(entity, Invoice):
        document = _document("invoice", entity, entity.order, _split_of(entity), cancelled=entity.state == CANCELLED)
        return Facts(document._replace(traits=traits_of(entity)), tuple(_paid(entity)))
    if isinstance(entity, Memo):
        document = _document(
            "credit_memo", entity, entity.order, _split_of(entity), cancelled=entity.state == CANCELLED
        )
        return Facts(document._replace(traits=traits_of(entity)), tuple(_paid_back(entity)))
    return None


def _is_undecided(entity: Entity) -> bool:
    return (isinstance(entity, Order) and entity.state in UNDECIDED) or (
        isinstance(entity, Memo) and entity.state == OPEN
    )


@lru_cache(maxsize=100_000)
def day(moment: int, website: Website) -> str:
    """The accounting date: the calendar day in the website's time zone."""
    return datetime.fromtimestamp(moment, UTC).astimezone(website.zone).date().isoformat()


def _document(kind: str, entity: Order | Invoice | Memo, order: Order, split: Split, *, cancelled: bool) -> Document:
    website = order.view.website
    net, tax = (sum(parts) for parts in zip(*split.values(), strict=True)) if split else (0, 0)
    return Document(
        kind,
        entity.number,
        entity.id,
        order.id,
        website.code,
        order.view.currency,
        day(entity.created, website),
        net,
        tax,
        cancelled,
        split,
    )


def _split_of(document: Invoice | Memo) -> Split:
    rows = document.order.rows
    lines = [(rows[index].rates, sums) for index, sums in document.own.lines if sums is not None]
    amounts = document.own.amounts
    return _split(document.order, lines, amounts.shipping, amounts.positive - amounts.negative)


def _split(order: Order, lines: list[tuple[tuple[Rate, ...], Sums]], shipping: Sums, untaxed: int) -> Split:
    """Where tax is due before the discount, the discount is not taxed and stands by itself."""
    taxes = order.view.website.taxes
    made: dict[tuple[str, int], list[int]] = {}
    for rates, sums in [*lines, (order.shipping_rates, shipping)]:
        discount = sums.discount - sums.compensation
        if not taxes.after_discount and rates:
            untaxed -= discount
            discount = 0
        _add(made, rates if sums.tax else (), sums.row - discount, sums.tax)
        _add(made, rates if sums.fpt_tax else (), sums.fpt, sums.fpt_tax)
    _add(made, (), untaxed, 0)
    return {key: (net, tax) for key, (net, tax) in made.items()}


def _add(made: dict[tuple[str, int], list[int]], rates: tuple[Rate, ...], net: int, tax: int) -> None:
    if net or tax:
        key = ("+".join(rate.code for rate in rates), sum(rate.rate for rate in rates))
        known = made.setdefault(key, [0, 0])
        known[0] += net
        known[1] += tax


def _paid(invoice: Invoice) -> Iterator[Money]:
    """Nothing, not even a gift card, before the invoice is paid: it can be cancelled until then."""
    order, side = invoice.order, invoice.own
    if invoice.state != PAID:
        return
    yield from _tenders("in", invoice, side)
    if side.amounts.grand_total:
        captures = (one.created for one in order.transactions if one.code == invoice.transaction)
        moment = next(captures, invoice.created)
        yield _money("in", order.method, bool(invoice.transaction), invoice, moment, side.amounts.grand_total)


def _paid_back(memo: Memo) -> Iterator[Money]:
    order, side = memo.order, memo.own
    if memo.state != REFUNDED:
        return
    yield from _tenders("out", memo, side)
    if side.amounts.grand_total:
        moment = next((one.created for one in order.transactions if one.code == memo.transaction), memo.created)
        yield _money("out", order.method, bool(memo.transaction), memo, moment, side.amounts.grand_total)


def _tenders(direction: str, document: Invoice | Memo, side: DocumentSide) -> Iterator[Money]:
    for method, amount in (("gift_card", side.amounts.gift_cards), ("store_credit", side.amounts.store_credit)):
        if amount:
            yield _money(direction, method, True, document, document.created, amount)


def _money(direction: str, method: str, online: bool, document: Invoice | Memo, moment: int, amount: int) -> Money:
    order = document.order
    website = order.view.website
    return Money(
        direction,
        method,
        online,
        order.id,
        document.id,
        website.code,
        order.view.currency,
        day(moment, website),
        amount,
    )
