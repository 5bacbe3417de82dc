"""Xero's reply to a write, cut down to what is looked at: the other two thirds are not made into objects.

Each field of a reply is looked for among those that are named here: so each kind of document has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from msgspec import DecodeError
from msgspec.json import Decoder

from worker.documents.literals import decimal
from worker.xero.replies.received import NUL


class _Line(TypedDict, total=False):
    Description: str | None
    TaxType: str | None
    LineAmount: Any
    AccountCode: str | None


class _Sold(TypedDict, total=False):
    InvoiceID: str | None


class _Refunded(TypedDict, total=False):
    CreditNoteID: str | None


class _Buyer(TypedDict, total=False):
    ContactID: str | None


class _Sale(TypedDict, total=False):
    Reference: str | None
    CurrencyRate: Any
    Contact: _Buyer | None
    Date: str | None
    DueDate: str | None
    Status: str | None
    LineItems: list[_Line] | None
    TotalTax: Any
    Total: Any
    CurrencyCode: str | None
    StatusAttributeString: str | None


class _Invoice(_Sale, total=False):
    InvoiceID: str | None
    InvoiceNumber: str | None


class _CreditNote(_Sale, total=False):
    CreditNoteID: str | None
    CreditNoteNumber: str | None
    RemainingCredit: Any


class _Contact(TypedDict, total=False):
    ContactID: str | None
    ContactNumber: str | None
    ContactStatus: str | None
    Name: str | None
    StatusAttributeString: str | None


class _Item(TypedDict, total=False):
    ItemID: str | None
    Code: str | None
    Name: str | None
    StatusAttributeString: str | None


class _Money(TypedDict, total=False):
    AllocationID: str | None
    PaymentID: str | None
    Amount: Any
    Reference: str | None
    Status: str | None
    Invoice: _Sold | None
    CreditNote: _Refunded | None
    StatusAttributeString: str | None


class _Envelope(TypedDict, total=False):
    Allocations: list[_Money]
    Contacts: list[_Contact]
    CreditNotes: list[_CreditNote]
    Invoices: list[_Invoice]
    Items: list[_Item]
    Payments: list[_Money]


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
