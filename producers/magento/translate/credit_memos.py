"""Credit memos, and what went back with them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from producers.magento.translate.figures import STORE_CREDIT, Figures, figures
from producers.magento.translate.invoices import CANCELLED as INVOICE_CANCELLED
from producers.magento.translate.invoices import PAID, invoice_reference
from producers.magento.translate.lines import custom_fees, document_lines
from producers.magento.translate.payments import Moves, Transactions, proven, transaction_id
from producers.magento.translate.places import Places
from producers.magento.translate.sales import dated, left_to_pay, number_of, sale_fields, view_of
from producers.magento.translate.values import (
    Raw,
    Unreadable,
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
from schemas.parts import ZERO, Adjustment, SaleReference, Tender

OPEN, REFUNDED, CANCELLED = 1, 2, 3


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
    Otherwise it stays the customer's credit, until a person books it: then the memo names no invoice.
    """
    order, state = of.order, number(raw.get("state"))
    if state == OPEN:
        return ()
    view, latest = view_of(raw, order, places), version(raw, order)
    sums = _figures(raw, order)
    to_credit = _to_store_credit(raw, of, sums.owed)
    tenders, owed = _tenders(sums, to_credit), sums.owed - to_credit
    paid_back = owed > 0 and proven(raw, order, offline_methods)
    sale = _sale(raw, of, places, offline_methods, open_amount=ZERO if paid_back else owed)
    fields = sale_fields(raw, order, view, sums)
    fields["tenders"] = (*tenders, *(left_to_pay(order, owed) if paid_back else ()))
    memo = Found(
        Entity.CREDIT_MEMO, latest, (view.place,), CreditMemo(**fields, sale=sale, cancelled=state == CANCELLED)
    )
    if state == CANCELLED:
        return (memo,)
    moves = Moves(raw, order, view, latest, "out", sale, prefix="memo-")
    payments = moves.by_tenders(tenders)
    if paid_back:
        payments.append(moves.by_method("memo", owed, refunded))
    return (memo, *payments)


def _figures(raw: Raw, order: Raw) -> Figures:
    adjustments = (
        Adjustment(name="Adjustment refund", amount=money(raw, "adjustment_positive")),
        Adjustment(name="Adjustment fee", amount=-money(raw, "adjustment_negative")),
    )
    return figures(
        raw,
        document_lines(raw, order, compensation_holds_shipping=True),
        [one for one in adjustments if one.amount],
        reward=money(extension(order), "reward_currency_amount"),
        reward_is_said=False,
        fees=custom_fees(order),
    )


def _tenders(sums: Figures, to_credit: Decimal) -> tuple[Tender, ...]:
    back = {tender.method: tender.amount for tender in sums.tenders}
    back[STORE_CREDIT] = back.get(STORE_CREDIT, ZERO) + to_credit
    return tuple(Tender(method=method, amount=value) for method, value in back.items() if value)


def _to_store_credit(raw: Raw, of: OfOrder, owed: Decimal) -> Decimal:
    """What of the grand total became store credit. Magento says it of the order, not of the credit memo."""
    tendered = sum((money(extension(memo), "customer_balance_amount") for memo in of.memos), ZERO)
    became = money(extension(of.order), "customer_balance_total_refunded") - tendered
    offline = {
        identity(memo): money(memo, "grand_total")
        for memo in of.memos
        if not transaction_id(memo) and number(memo.get("state")) == REFUNDED
    }
    if became <= 0 or identity(raw) not in offline:
        return ZERO
    if len(offline) == 1 or became == sum(offline.values()):
        return min(became, owed)
    raise Unreadable(
        f"{became} of the order's refunds became store credit, and {len(offline)} credit memos could be meant: "
        "book this one by hand"
    )


def _sale(
    raw: Raw, of: OfOrder, places: Places, offline_methods: frozenset[str], *, open_amount: Decimal
) -> SaleReference:
    invoice = _refunded_invoice(raw, of.invoices)
    if invoice is not None and (not open_amount or not _settled(invoice, of.order, offline_methods)):
        return invoice_reference(invoice, of.order, places)
    order = of.order
    on = dated(order, order, places)
    return SaleReference(order_id=str(identity(order)), order_number=number_of(order), date=on)


def _settled(invoice: Raw, order: Raw, offline_methods: frozenset[str]) -> bool:
    return number(invoice.get("state")) == PAID and (
        not money(invoice, "grand_total") or proven(invoice, order, offline_methods)
    )


def _refunded_invoice(raw: Raw, invoices: Sequence[Raw]) -> Raw | None:
    """The invoice the memo names, else the only one that could be meant: earlier than it, and with all its rows."""
    if named := number(raw.get("invoice_id")):
        return next((one for one in invoices if identity(one) == named), None)
    wanted = _order_items(row for row in rows(raw, "items") if amount(row, "row_total"))
    made = moment(raw, "created_at")
    able = [
        one
        for one in invoices
        if number(one.get("state")) != INVOICE_CANCELLED
        and moment(one, "created_at") <= made
        and wanted <= _order_items(rows(one, "items"))
    ]
    return able[0] if len(able) == 1 else None


def _order_items(found: Iterable[Raw]) -> set[int | None]:
    return {number(row.get("order_item_id")) for row in found}
