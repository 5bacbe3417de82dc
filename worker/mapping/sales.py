"""The sale becomes an invoice: from the store's order or its invoice, as `sales_document` says, never from both.

https://developer.xero.com/documentation/api/accounting/invoices
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from schemas.entities import Invoice, Order, Sale
from schemas.envelope import Event
from worker.documents.content import XeroId
from worker.documents.documents import DocumentKey, Kind
from worker.documents.pieces import plain
from worker.mapping.contacts import buyer_write
from worker.mapping.keys import document_number, own_key
from worker.mapping.lines import line_items
from worker.mapping.places import branding_theme
from worker.mapping.result import Ignored, Plan, Writes
from worker.mapping.text import day
from worker.mapping.writing import save, void
from worker.settings import OrganisationSettings

BEFORE_START = "before start_date"
_SALES = (Invoice, Order)
_id_of = lru_cache(4096)(XeroId)  # whoever buys again


def sale_plan(event: Event, org: OrganisationSettings) -> Plan:
    """The contact where there is none, then the invoice; or the invoice voided. Raises `Unmappable`."""
    if event.entity != org.sales_document:
        return Ignored(f"sales_document is {org.sales_document}")
    sale = event.data
    if not isinstance(sale, _SALES):
        return Writes((void(event, Kind.INVOICE, "invoice"),))
    if sale.date < org.start_date:
        return Ignored(BEFORE_START)
    number = document_number(org, "I", event, sale.number)
    if sale.cancelled:
        return Writes((void(event, Kind.INVOICE, "invoice", number),))
    contact = buyer_write(event, sale.customer, org)
    payload = header(event.source, sale, contact.key, org)
    payload["Type"], payload["InvoiceNumber"] = "ACCREC", number
    payload["DueDate"] = day(sale.due_date) if sale.due_date else payload["Date"]
    payload["LineItems"] = line_items(event.source, sale, org)
    key = own_key(event, "invoice")
    sums = sale.totals.gross, sale.totals.tax
    sold = save(key, Kind.INVOICE, version=event.version, number=number, payload=payload, is_plain=True, sums=sums)
    return Writes((contact, sold))


def header(source: str, sale: Sale, contact: DocumentKey, org: OrganisationSettings) -> dict[str, Any]:
    """What invoices and credit notes have in common, plain. Only the contact's id: more would change the contact."""
    fields: dict[str, Any] = {
        "Contact": {"ContactID": _id_of(contact)},
        "Reference": sale.order_number,
        "Date": day(sale.date),
        "CurrencyCode": sale.currency,
        "LineAmountTypes": "Exclusive",
        "Status": org.document_status.upper(),
    }
    # the store's direction is Xero's: units of the document's currency for one of the organisation's
    rate = sale.rate
    if rate:
        fields["CurrencyRate"] = plain(rate)
    if (theme := branding_theme(source, sale.website, org)) is not None:
        fields["BrandingThemeID"] = theme
    return fields
