"""Where a document is shown in Xero. Pure.

https://developer.xero.com/documentation/guides/how-to-guides/deep-link-xero
"""

from __future__ import annotations

from worker.documents.documents import Kind
from worker.ledger.records import Document

_XERO = "https://go.xero.com"
_PATHS = {
    Kind.CONTACT: "/Contacts/View/{}",
    Kind.INVOICE: "/AccountsReceivable/View.aspx?InvoiceID={}",
    Kind.CREDIT_NOTE: "/AccountsReceivable/ViewCreditNote.aspx?creditNoteID={}",
    Kind.PAYMENT: "/Bank/ViewTransaction.aspx?bankTransactionID={}",
}


def xero_link(document: Document) -> str:
    """Its page, in the organisation that the reader is logged in to; an allocation's is that of its credit note.

    Empty where Xero has no page that an id leads to, as for items.
    """
    note = document.facts.get("credit_note_id") if document.kind is Kind.ALLOCATION else None
    if note:
        return _XERO + _PATHS[Kind.CREDIT_NOTE].format(note)
    path = _PATHS.get(document.kind)
    return _XERO + path.format(document.xero_id) if path and document.xero_id else ""
