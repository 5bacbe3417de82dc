"""Whether the elements of a call can be read at all: a call of which one cannot is refused before any is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from deploy.sandbox.xero.errors import Json
from deploy.sandbox.xero.wire import amount, calendar_day, nested, objects, text

_READERS: dict[Callable[[Json, str], Any], tuple[str, ...]] = {
    amount: (
        "Amount",
        "BankAmount",
        "CurrencyRate",
        "DiscountAmount",
        "DiscountRate",
        "LineAmount",
        "Quantity",
        "SubTotal",
        "TaxAmount",
        "Total",
        "TotalTax",
        "UnitAmount",
        "UnitPrice",
    ),
    calendar_day: ("Date", "DueDate", "ExpectedPaymentDate", "PlannedPaymentDate"),
    nested: ("Account", "Contact", "CreditNote", "Invoice", "PurchaseDetails", "SalesDetails"),
    objects: ("Addresses", "ContactPersons", "LineItems", "Phones", "Tracking"),
    text: (
        "AccountCode",
        "AccountID",
        "AccountNumber",
        "BrandingThemeID",
        "Code",
        "ContactID",
        "ContactNumber",
        "ContactStatus",
        "CreditNoteID",
        "CreditNoteNumber",
        "CurrencyCode",
        "DefaultCurrency",
        "Description",
        "EmailAddress",
        "FirstName",
        "InvoiceID",
        "InvoiceNumber",
        "ItemCode",
        "ItemID",
        "LastName",
        "LineAmountTypes",
        "LineItemID",
        "Name",
        "Option",
        "PaymentID",
        "Reference",
        "Status",
        "TaxType",
        "Type",
        "Url",
    ),
}
_READER_OF = {field: reader for reader, fields in _READERS.items() for field in fields}


def check_readable(elements: Iterable[Json]) -> None:
    """Raises CallRefused (400) for a value that is not of its field's type, however deep it is."""
    for element in elements:
        for field, value in element.items():
            reader = _READER_OF.get(field)
            if reader is None or (reader is text and type(value) is str):
                continue
            inner = reader(element, field)
            if reader is objects:
                check_readable(inner or ())
            elif reader is nested and inner:
                check_readable((inner,))
