"""Invoices: their words, and what is due on them [xero 4.3]."""

from __future__ import annotations

from deploy.sandbox.xero.batch import Naming
from deploy.sandbox.xero.errors import Json
from deploy.sandbox.xero.family import Family
from deploy.sandbox.xero.money import ZERO

UNKNOWN_INVOICE = "An existing Invoice with the specified InvoiceID could not be found"


def settle_invoice(invoice: Json) -> None:
    """Work out paid, credited and due; an invoice with nothing due is PAID, one with something is not."""
    invoice.setdefault("Payments", [])
    invoice.setdefault("CreditNotes", [])
    invoice.setdefault("Prepayments", [])
    invoice.setdefault("Overpayments", [])
    paid = sum((payment["Amount"] for payment in invoice["Payments"]), ZERO)
    credited = sum((credit["AppliedAmount"] for credit in invoice["CreditNotes"]), ZERO)
    ended = invoice["Status"] in {"VOIDED", "DELETED"}
    due = ZERO if ended else invoice["Total"] - paid - credited
    invoice |= {"AmountPaid": paid, "AmountCredited": credited, "AmountDue": due}
    if invoice["Status"] in {"AUTHORISED", "PAID"}:
        invoice["Status"] = "AUTHORISED" if due else "PAID"
    settle_date(invoice)


def settle_date(document: Json) -> None:
    """Keep the day on which a document was fully paid."""
    if document["Status"] != "PAID":
        document.pop("FullyPaidOnDate", None)
        return
    days = [part["Date"] for name in ("Payments", "Allocations", "CreditNotes") for part in document.get(name, [])]
    document["FullyPaidOnDate"] = max([document["Date"], *days])


def _has_settlements(invoice: Json) -> bool:
    return bool(invoice["Payments"] or invoice["CreditNotes"])


INVOICES = Family(
    naming=Naming("Invoices", "InvoiceID", "HasErrors"),
    number_field="InvoiceNumber",
    number_prefix="INV-",
    number_taken="Invoice # must be unique.",
    unknown=UNKNOWN_INVOICE,
    sale="ACCREC",
    bill="ACCPAY",
    discounts=True,
    due_date=True,
    table=lambda book: book.invoices,
    settle=settle_invoice,
    settled_by=_has_settlements,
)
