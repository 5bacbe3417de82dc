"""A refund becomes a credit note, and what went back neither in money nor otherwise is set against the invoice.

https://developer.xero.com/documentation/api/accounting/creditnotes
"""

from __future__ import annotations

from decimal import Decimal

from schemas.entities import CreditMemo
from schemas.envelope import Event
from schemas.parts import ZERO
from worker.documents.content import XeroId
from worker.documents.documents import DocumentKey, Kind, Write
from worker.mapping.contacts import buyer_write
from worker.mapping.keys import document_number, own_key, sale_key
from worker.mapping.lines import line_items
from worker.mapping.predict import cents
from worker.mapping.result import Ignored, Plan, Writes
from worker.mapping.sales import BEFORE_START, header
from worker.mapping.writing import save, void
from worker.settings import OrganisationSettings

CREDIT_NOTE = "credit_note"
ALLOCATION = "allocation/1"


def credit_memo_plan(event: Event, org: OrganisationSettings) -> Plan:
    """Contact, credit note and allocation; or, taken back, allocation and credit note voided. Raises `Unmappable`.

    A credit note stands alone when its sale is older than `start_date`, or when the store names no invoice of it. It is
    set against nothing either when the store says that it stays open, as what it refunds is paid.
    """
    memo = event.data
    if not isinstance(memo, CreditMemo) or memo.cancelled:
        return Writes((void(event, Kind.ALLOCATION, ALLOCATION), void(event, Kind.CREDIT_NOTE, CREDIT_NOTE)))
    if memo.date < org.start_date:
        return Ignored(BEFORE_START)
    is_booked = memo.sale.booked_on(org.sales_document) >= org.start_date
    invoice = sale_key(event, memo.sale, org) if is_booked else None
    contact = buyer_write(event, memo.customer, org)
    credit_note = _credit_note(event, memo, contact.key, invoice, org)
    unpaid = memo.totals.gross - sum((tender.amount for tender in memo.tenders), ZERO)
    if memo.stays_open or (is_booked and (invoice is None or unpaid <= 0)):
        return Writes((contact, void(event, Kind.ALLOCATION, ALLOCATION), credit_note))
    if invoice is None:
        return Writes((contact, credit_note))  # from before start_date: what was set off by then is left alone
    return Writes((contact, credit_note, _allocation(event, memo, unpaid, invoice, credit_note)))


def _allocation(event: Event, memo: CreditMemo, unpaid: Decimal, invoice: DocumentKey, credit_note: Write) -> Write:
    payload = {
        "Amount": cents(unpaid),
        "Date": memo.date.isoformat(),
        "Invoice": {"InvoiceID": XeroId(invoice)},
        "CreditNote": {"CreditNoteID": XeroId(credit_note.key)},
    }
    key = own_key(event, ALLOCATION)
    return save(key, Kind.ALLOCATION, version=event.version, number="", payload=payload, parent=credit_note.key)


def _credit_note(
    event: Event, memo: CreditMemo, contact: DocumentKey, invoice: DocumentKey | None, org: OrganisationSettings
) -> Write:
    number = document_number(org, "C", event, memo.number)
    payload = {"Type": "ACCRECCREDIT", "CreditNoteNumber": number, **header(event.source, memo, contact, org)}
    payload["LineItems"] = line_items(event.source, memo, org)
    key = own_key(event, CREDIT_NOTE)
    return save(
        key,
        Kind.CREDIT_NOTE,
        version=event.version,
        number=number,
        payload=payload,
        parent=invoice,
        is_plain=True,
        sums=(memo.totals.gross, memo.totals.tax),
    )
