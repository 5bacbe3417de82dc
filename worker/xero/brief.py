"""Xero's reply to a write, cut down to what is looked at: the other two thirds are not made into objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from msgspec import DecodeError
from msgspec.json import Decoder

from worker.literals import decimal


class _Line(TypedDict, total=False):
    Description: Any
    AccountCode: Any
    TaxType: Any
    LineAmount: Any


class _Other(TypedDict, total=False):
    ContactID: Any
    InvoiceID: Any


class _Document(TypedDict, total=False):
    AllocationID: Any
    Amount: Any
    Code: Any
    Contact: _Other | None
    ContactID: Any
    ContactNumber: Any
    ContactStatus: Any
    CreditNoteID: Any
    CreditNoteNumber: Any
    CurrencyCode: Any
    Invoice: _Other | None
    InvoiceID: Any
    InvoiceNumber: Any
    ItemID: Any
    LineItems: list[_Line] | None
    Name: Any
    PaymentID: Any
    Reference: Any
    RemainingCredit: Any
    Status: Any
    StatusAttributeString: Any
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
    """The envelope of a reply that holds no messages; `None` where it has to be read in full: it is of another shape.

    Documents, their contacts and lines have the fields that `verdicts` asks for, whatever else Xero says of them.
    """
    try:
        found: Mapping[str, Any] = _DECODER.decode(body)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found or None
