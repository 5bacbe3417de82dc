"""Money that moved becomes a payment of the sale's invoice, or of the refund's credit note.

https://developer.xero.com/documentation/api/accounting/payments
"""

from __future__ import annotations

from typing import Any

from schemas.entities import Payment
from schemas.envelope import Event
from worker.documents.content import XeroId
from worker.documents.documents import DocumentKey, Kind
from worker.mapping.accounts import payment_account
from worker.mapping.keys import credit_note_key, document_number, own_key, sale_key
from worker.mapping.locks import MAX_REFERENCE
from worker.mapping.predict import cents
from worker.mapping.result import Ignored, Plan, Unmappable, Writes
from worker.mapping.sales import BEFORE_START
from worker.mapping.text import one_line
from worker.mapping.writing import save, void
from worker.settings import OrganisationSettings

PART = "payment/1"


def payment_plan(event: Event, org: OrganisationSettings) -> Plan:
    """The payment, or its deletion. Raises `Unmappable`."""
    payment = event.data
    if not isinstance(payment, Payment):
        return Writes((void(event, Kind.PAYMENT, PART),))
    if payment.booked_on(org.sales_document) < org.start_date:
        return Ignored(BEFORE_START)
    account = payment_account(payment.method, org)
    if account is None:
        return Ignored("the payment method is not booked")
    target = _target(event, payment, org)
    reference = _reference(event, payment, org)
    payload: dict[str, Any] = {
        **_paid(payment, target),
        "Account": account,
        "Date": payment.date.isoformat(),
        "Amount": cents(payment.amount),
        "Reference": reference,
    }
    if payment.rate:
        payload["CurrencyRate"] = payment.rate
    key = own_key(event, PART)
    write = save(key, Kind.PAYMENT, version=event.version, number=reference, payload=payload, parent=target)
    return Writes((write._replace(currency=payment.currency),))


def _target(event: Event, payment: Payment, org: OrganisationSettings) -> DocumentKey:
    if payment.direction == "out":
        assert payment.credit_memo_id is not None, "the contract requires it of refunds"
        return credit_note_key(event, payment.credit_memo_id)
    invoice = sale_key(event, payment.sale, org)
    if invoice is None:
        detail = f"order {payment.sale.order_number} was paid, but sale.invoice_id does not say which invoice"
        hint = "publish the payment again once the order is invoiced"
        raise Unmappable("sale_without_invoice", detail, hint)
    return invoice


def _paid(payment: Payment, target: DocumentKey) -> dict[str, Any]:
    if payment.direction == "out":
        return {"CreditNote": {"CreditNoteID": XeroId(target)}}
    return {"Invoice": {"InvoiceID": XeroId(target)}}


def _reference(event: Event, payment: Payment, org: OrganisationSettings) -> str:
    """Our key first, so that a payment is found again; then the gateway's, so that people find theirs."""
    ours = document_number(org, "P", event, payment.id)
    return one_line(f"{ours} {payment.transaction_id}", MAX_REFERENCE)
