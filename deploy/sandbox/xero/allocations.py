"""Allocations of a credit note to invoices of the same contact [xero 4.6]."""

from __future__ import annotations

from decimal import Decimal

from deploy.sandbox.xero.batch import Naming, Saved
from deploy.sandbox.xero.credit_notes import CREDIT_NOTES, UNKNOWN_CREDIT_NOTE
from deploy.sandbox.xero.errors import Json, Refused, not_found
from deploy.sandbox.xero.identifiers import new_id
from deploy.sandbox.xero.invoices import INVOICES, UNKNOWN_INVOICE
from deploy.sandbox.xero.money import ZERO, cents
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import amount, calendar_day, nested, text

NAMING = Naming("Allocations", "AllocationID", "HasValidationErrors")
_TOO_MUCH = "Credit Note cannot be allocated as amount is greater than amount outstanding"


def allocate(book: Book, credit_note_id: str, element: Json) -> Saved:
    """PUT: put some of the credit on an open invoice. Nothing recognises a repeat. Raises Refused."""
    credit_note = book.credit_notes.get(credit_note_id)
    if credit_note is None:
        raise Refused(UNKNOWN_CREDIT_NOTE)
    invoice = _invoice(book, nested(element, "Invoice") or {})
    applied = cents(amount(element, "Amount") or ZERO)
    _check(credit_note, invoice, applied)
    if calendar_day(element, "Date") is None:
        raise Refused("The Date field is mandatory")
    day = max(credit_note["Date"], invoice["Date"])
    if (refusal := book.settings.lock_refusal(day)) is not None:
        raise Refused(refusal)
    allocation: Json = {"AllocationID": new_id(), "Amount": applied, "Date": day}
    allocation["Invoice"] = {field: invoice[field] for field in ("InvoiceID", "InvoiceNumber", "Type")}
    credit_note["Allocations"].append(allocation)
    _credit(credit_note, invoice)
    _refresh(book, credit_note, invoice)
    named = {field: credit_note[field] for field in ("CreditNoteID", "CreditNoteNumber")}
    return Saved({**allocation, "CreditNote": named})


def delete_allocation(book: Book, credit_note_id: str, allocation_id: str) -> Json:
    """DELETE: take the credit off the invoice again. Raises CallRefused or Refused."""
    credit_note = book.credit_notes.get(credit_note_id)
    if credit_note is None:
        raise not_found()
    kept = [part for part in credit_note["Allocations"] if part["AllocationID"] != allocation_id.lower()]
    gone = next((part for part in credit_note["Allocations"] if part not in kept), None)
    if gone is None:
        raise not_found()
    if (refusal := book.settings.lock_refusal(gone["Date"])) is not None:
        raise Refused(refusal)
    credit_note["Allocations"] = kept
    invoice = book.invoices.get(gone["Invoice"]["InvoiceID"])
    if invoice is not None:
        _credit(credit_note, invoice)
        _refresh(book, credit_note, invoice)
    return {**gone, "IsDeleted": True}


def _invoice(book: Book, named: Json) -> Json:
    invoice_id, number = text(named, "InvoiceID"), text(named, "InvoiceNumber")
    invoice: Json | None = None
    if invoice_id is not None:
        invoice = book.invoices.get(invoice_id)
    elif number is not None:
        invoice = next(iter(book.invoices.find("InvoiceNumber", number)), None)
    if invoice is None:
        raise Refused(UNKNOWN_INVOICE)
    return invoice


def _check(credit_note: Json, invoice: Json, applied: Decimal) -> None:
    if invoice["Status"] == "PAID":
        raise Refused("The invoice you are trying to allocate to has already been paid off", _TOO_MUCH)
    if credit_note["Status"] != "AUTHORISED" or invoice["Status"] != "AUTHORISED":
        raise Refused("Allocations can only be made between Authorised documents")
    if credit_note["Contact"]["ContactID"] != invoice["Contact"]["ContactID"]:
        raise Refused("The contact of the credit note does not match the contact of the invoice")
    if credit_note["CurrencyCode"] != invoice["CurrencyCode"]:
        raise Refused("The currency of the credit note does not match the currency of the invoice")
    if applied <= 0:
        raise Refused("The allocation amount must be greater than zero")
    if applied > invoice["AmountDue"]:
        raise Refused(_TOO_MUCH)
    if applied > credit_note["RemainingCredit"]:
        raise Refused("The allocation amount exceeds the remaining credit of the credit note")


def _credit(credit_note: Json, invoice: Json) -> None:
    """Show on the invoice what this credit note now puts on it."""
    own = credit_note["CreditNoteID"]
    parts = [part for part in credit_note["Allocations"] if part["Invoice"]["InvoiceID"] == invoice["InvoiceID"]]
    invoice["CreditNotes"] = [other for other in invoice["CreditNotes"] if other["CreditNoteID"] != own]
    if parts:
        shown = {field: credit_note[field] for field in ("CreditNoteID", "CreditNoteNumber", "Total")}
        shown |= {"AppliedAmount": sum((part["Amount"] for part in parts), ZERO), "Date": parts[-1]["Date"]}
        invoice["CreditNotes"].append(shown)


def _refresh(book: Book, credit_note: Json, invoice: Json) -> None:
    CREDIT_NOTES.settle(credit_note)
    book.touch(credit_note, book.credit_notes)
    INVOICES.settle(invoice)
    book.touch(invoice, book.invoices)
