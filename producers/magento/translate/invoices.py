"""Invoices, and the payments that their capture proves. Pure."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from producers.magento.translate.figures import figures
from producers.magento.translate.lines import custom_fees, document_lines
from producers.magento.translate.payments import Moves, Transactions, proven
from producers.magento.translate.places import Places
from producers.magento.translate.sales import dated, number_of, sale_fields, view_of
from producers.magento.translate.values import Raw, Unreadable, extension, identity, money, number, version
from producers.store import Found
from schemas.entities import Entity, Invoice
from schemas.parts import SaleReference

PAID, CANCELLED = 2, 3


def invoice(
    raw: Raw, order: Raw, places: Places, *, captured: Transactions, offline_methods: frozenset[str]
) -> tuple[Found, ...]:
    """An invoice with its order, and when it is paid, what paid it. Raises `Unreadable`.

    An open invoice is a sale that nothing has paid yet, not even a gift card: it can still be cancelled.
    """
    view = view_of(raw, order, places)
    sums = figures(
        raw,
        document_lines(raw, order, compensation_holds_shipping=False),
        reward=money(extension(order), "reward_currency_amount"),
        order=order,
        fees=custom_fees(order),
    )
    state, latest = number(raw.get("state")), version(raw, order)
    fields = sale_fields(raw, order, view, sums)
    data = Invoice(**fields, order_id=str(identity(order)), cancelled=state == CANCELLED)
    sale = Found(Entity.INVOICE, latest, (view.place,), data)
    if state != PAID:
        return (sale,)
    moves = Moves(raw, order, view, latest, "in", invoice_reference(raw, order, places))
    payments = moves.by_tenders(sums.tenders)
    if sums.owed > 0 and proven(raw, order, offline_methods):
        payments.append(moves.by_method("invoice", sums.owed, captured))
    return (sale, *payments)


def invoice_reference(raw: Raw, order: Raw, places: Places) -> SaleReference:
    """How payments and credit memos name an invoice."""
    on = dated(raw, order, places)
    return SaleReference(
        order_id=str(identity(order)),
        order_number=number_of(order),
        invoice_id=str(identity(raw)),
        invoice_number=number_of(raw),
        date=on,
        order_date=_ordered_on(order, places, on),
    )


def _ordered_on(order: Raw, places: Places, invoiced_on: date) -> date | None:
    """The order's day, where it is another than its invoice's: the books may begin between the two."""
    with suppress(Unreadable):  # nobody needs it where invoices are booked
        on = dated(order, order, places)
        return None if on == invoiced_on else on
    return None
