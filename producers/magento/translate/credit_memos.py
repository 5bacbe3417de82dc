"""Credit memos, and what went back with them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from producers.magento.translate.added_credit import added_credit, order_says
from producers.magento.translate.figures import GIFT_CARD, STORE_CREDIT, Figures, figures
from producers.magento.translate.invoices import CANCELLED as INVOICE_CANCELLED
from producers.magento.translate.invoices import PAID, invoice_reference
from producers.magento.translate.lines import custom_fees, document_lines
from producers.magento.translate.payments import Moves, Transactions, proven
from producers.magento.translate.places import Places
from producers.magento.translate.sales import dated, left_to_pay, number_of, sale_fields, view_of
from producers.magento.translate.store_credit import CREDIT, BecameCredit, became_credit, tendered
from producers.magento.translate.values import (
    Raw,
    amount,
    extension,
    identity,
    moment,
    money,
    number,
    rows,
    version,
)
from producers.store import Found
from schemas.entities import CreditMemo, Entity
from schemas.parts import ZERO, Adjustment, Line, SaleReference, Tender

OPEN, CANCELLED = 1, 3


@dataclass(frozen=True, slots=True)
class OfOrder:
    """What a credit memo needs to know: its order, and the order's invoices and credit memos."""

    order: Raw
    invoices: Sequence[Raw]
    memos: Sequence[Raw]


def credit_memo(
    raw: Raw, of: OfOrder, places: Places, *, refunded: Transactions, offline_methods: frozenset[str]
) -> tuple[Found, ...]:
    """A credit memo and what was paid back with it; nothing of an open one. Raises `Unreadable`.

    What neither a gateway nor a tender paid back is set against the invoice, as long as that has something left to pay.
    Otherwise it stays the customer's credit, until a person books it: then the memo says so, and names no invoice.
    """
    order, state = of.order, number(raw.get("state"))
    if state == OPEN:
        return ()
    view, latest = view_of(raw, order, places), version(raw, order)
    added = _added(raw, of)
    sums = _figures(raw, order, added.get(identity(raw), ZERO))
    became = became_credit(raw, order, of.memos, added)
    tenders, owed = _tenders(sums, became), sums.owed - became.owed
    paid_back = owed > 0 and proven(raw, order, offline_methods)
    invoices = _refunded_invoices(raw, of.invoices)
    is_owed = owed > 0 and not paid_back
    stays_open = is_owed and _are_settled(invoices or _earlier(raw, of.invoices), order, offline_methods)
    sale = _sale(order, places, None if stays_open or len(invoices) != 1 else invoices[0])
    fields = sale_fields(raw, order, view, sums)
    fields["tenders"] = (*tenders, *(left_to_pay(order, owed) if paid_back else ()))
    data = CreditMemo(**fields, sale=sale, stays_open=stays_open, cancelled=state == CANCELLED)
    memo = Found(Entity.CREDIT_MEMO, latest, (view.place,), data)
    if state == CANCELLED:
        return (memo,)
    moves = Moves(raw, order, view, latest, "out", sale, prefix="memo-")
    payments = moves.by_tenders(tenders)
    if paid_back:
        payments.append(moves.by_method("memo", owed, refunded))
    return (memo, *payments)


def _added(raw: Raw, of: OfOrder) -> dict[int, Decimal]:
    """What the memo says itself of its refund to store credit, and others of its order where some became such."""
    # where the order knows of no such refund its memos are not asked for: this one is there all the same
    memos = list({identity(one): one for one in (*of.memos, raw)}.values())
    bearing = [one for one in memos if tendered(one)]
    if not bearing:
        return {}
    says = order_says(of.order, memos, custom_fees(of.order))
    asked = [one for one in bearing if says.refunded or identity(one) == identity(raw)]
    return {identity(one): added_credit(one, says, _lines(one, of.order), _adjustments(one)) for one in asked}


def _lines(raw: Raw, order: Raw) -> list[Line]:
    return document_lines(raw, order, compensation_holds_shipping=True)


def _adjustments(raw: Raw) -> list[Adjustment]:
    adjustments = (
        Adjustment(name="Adjustment refund", amount=money(raw, "adjustment_positive")),
        Adjustment(name="Adjustment fee", amount=-money(raw, "adjustment_negative")),
    )
    return [one for one in adjustments if one.amount]


def _figures(raw: Raw, order: Raw, added: Decimal) -> Figures:
    return figures(
        {**raw, "extension_attributes": {**extension(raw), CREDIT: str(tendered(raw) - added)}} if added else raw,
        _lines(raw, order),
        _adjustments(raw),
        reward=money(extension(order), "reward_currency_amount"),
        order=order,
        fees=custom_fees(order),
    )


def _tenders(sums: Figures, became: BecameCredit) -> tuple[Tender, ...]:
    back = {tender.method: tender.amount for tender in sums.tenders}
    back[GIFT_CARD] = back.get(GIFT_CARD, ZERO) - became.gift_cards
    back[STORE_CREDIT] = back.get(STORE_CREDIT, ZERO) + became.gift_cards + became.owed
    return tuple(Tender(method=method, amount=value) for method, value in back.items() if value)


def _sale(order: Raw, places: Places, invoice: Raw | None) -> SaleReference:
    if invoice is not None:
        return invoice_reference(invoice, order, places)
    on = dated(order, order, places)
    return SaleReference(order_id=str(identity(order)), order_number=number_of(order), date=on)


def _are_settled(invoices: Sequence[Raw], order: Raw, offline_methods: frozenset[str]) -> bool:
    """Whether there are some and all are paid, so that credit set against their sale would meet what is not theirs."""
    return bool(invoices) and all(_is_settled(one, order, offline_methods) for one in invoices)


def _is_settled(invoice: Raw, order: Raw, offline_methods: frozenset[str]) -> bool:
    return number(invoice.get("state")) == PAID and (
        not money(invoice, "grand_total") or proven(invoice, order, offline_methods)
    )


def _refunded_invoices(raw: Raw, invoices: Sequence[Raw]) -> list[Raw]:
    """The invoice the memo names, else those that could be meant: earlier than it, and with all its rows."""
    if named := number(raw.get("invoice_id")):
        return [one for one in invoices if identity(one) == named][:1]
    wanted = _order_items(row for row in rows(raw, "items") if amount(row, "row_total"))
    return [one for one in _earlier(raw, invoices) if wanted <= _order_items(rows(one, "items"))]


def _earlier(raw: Raw, invoices: Sequence[Raw]) -> list[Raw]:
    """Those that are older than the memo. Where none is, all: a clock dated them that was put right since."""
    made = moment(raw, "created_at")
    standing = [one for one in invoices if number(one.get("state")) != INVOICE_CANCELLED]
    return [one for one in standing if moment(one, "created_at") <= made] or standing


def _order_items(found: Iterable[Raw]) -> set[int | None]:
    return {number(row.get("order_item_id")) for row in found}
