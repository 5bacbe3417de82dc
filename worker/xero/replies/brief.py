"""Xero's reply to a write, cut down to what is looked at: the other two thirds are not made into objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from msgspec import DecodeError
from msgspec.json import Decoder

from worker.documents.literals import decimal
from worker.xero.replies.received import NUL


class _Line(TypedDict, total=False):
    Description: str | None
    AccountCode: str | None
    TaxType: str | None
    LineAmount: Any


class _Other(TypedDict, total=False):
    ContactID: str | None
    InvoiceID: str | None


class _Document(TypedDict, total=False):
    AllocationID: str | None
    Amount: Any
    Code: str | None
    Contact: _Other | None
    ContactID: str | None
    ContactNumber: str | None
    ContactStatus: str | None
    CreditNoteID: str | None
    CreditNoteNumber: str | None
    CurrencyCode: str | None
    CurrencyRate: Any
    Date: str | None
    DueDate: str | None
    Invoice: _Other | None
    InvoiceID: str | None
    InvoiceNumber: str | None
    ItemID: str | None
    LineItems: list[_Line] | None
    Name: str | None
    PaymentID: str | None
    Reference: str | None
    RemainingCredit: Any
    Status: str | None
    StatusAttributeString: str | None
    Total: Any
    TotalTax: Any


class _Envelope(TypedDict, total=False):
    Allocations: list[_Document]
    Contacts: list[_Document]
    CreditNotes: list[_Document]
    Invoices: list[_Document]
    Items: list[_Document]
    Payments: list[_Document]


_DECODER = Decoder(_Envelope, float_hook=decimal)


def decode(body: bytes) -> Mapping[str, Any] | None:
    """The envelope of a reply that holds no messages; `None` where it has to be read in full, being of another shape.

    Documents, their contacts and lines have the fields that `verdicts` asks for, whatever else Xero says of them.
    """
    if NUL in body:
        return None
    try:
        found: Mapping[str, Any] = _DECODER.decode(body)
    except (DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError):
        return None
    return found or None
