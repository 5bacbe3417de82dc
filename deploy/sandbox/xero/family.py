"""What invoices and credit notes have in common, and the words in which they differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deploy.sandbox.xero.batch import Naming
from deploy.sandbox.xero.errors import Json
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.table import Table

FROZEN = "Invoice not of valid status for modification"
ALLOCATED = "This document cannot be edited as it has a payment or credit note allocated to it."


@dataclass(frozen=True, slots=True)
class Family:
    """One of the two families of documents. `sale` and `bill` are its types."""

    naming: Naming
    number_field: str
    number_prefix: str
    number_taken: str
    unknown: str
    sale: str
    bill: str
    discounts: bool
    due_date: bool
    table: Callable[[Book], Table]
    settle: Callable[[Json], None]
    settled_by: Callable[[Json], bool]


def status_refusal(known: Json | None, wanted: str, *, settled: bool) -> str | None:
    """What Xero says to a change of status, or None where it is fine [xero 4.3]."""
    if known is None:
        return None if wanted in {"DRAFT", "SUBMITTED", "AUTHORISED"} else FROZEN
    current = known["Status"]
    if current in {"VOIDED", "DELETED"}:
        return FROZEN
    if current == wanted:
        return None
    if settled and wanted in {"VOIDED", "DELETED"}:
        return ALLOCATED
    if settled:
        kind = "credit note" if "CreditNoteID" in known else "invoice"
        return (
            f"The status {wanted} cannot be applied to the {kind} because "
            "it has payments or credit notes allocated to it."
        )
    return None if wanted in _NEXT.get(current, ()) else FROZEN


_NEXT = {
    "DRAFT": ("SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("DRAFT", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("VOIDED",),
}

_FIXED_OF_DOCUMENT = (
    "Type",
    "Date",
    "ExpectedPaymentDate",
    "PlannedPaymentDate",
    "LineAmountTypes",
    "CurrencyCode",
    "CurrencyRate",
    "SubTotal",
    "TotalTax",
    "Total",
)
_FIXED_OF_LINE = (
    "LineItemID",
    "Quantity",
    "UnitAmount",
    "DiscountRate",
    "DiscountAmount",
    "LineAmount",
    "TaxAmount",
    "TaxType",
    "ItemCode",
)


def fixed_changed(before: Json, after: Json) -> bool:
    """Whether an edit touches what is fixed once a payment or credit is on the document [xero 4.3].

    Xero lists what may change then: reference, due date, number, branding theme, contact, URL, and of a line its words,
    account and tracking.
    """
    return _fixed(before) != _fixed(after)


def _fixed(document: Json) -> list[object]:
    lines = [[line.get(name) for name in _FIXED_OF_LINE] for line in document["LineItems"]]
    return [*(document.get(name) for name in _FIXED_OF_DOCUMENT), lines]
