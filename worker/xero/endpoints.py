"""Where Xero keeps each kind of document, and the fields that tell one from another.

https://developer.xero.com/documentation/api/accounting/overview
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from worker.documents.documents import Kind

NO_ID = "00000000-0000-0000-0000-000000000000"
"""What Xero puts where a document was not created."""

GONE = frozenset({"VOIDED", "DELETED"})
"""The statuses of documents that count no more."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`number` is the field whose value is ours and unique; `unit_decimals`: unit prices may have 4 decimals."""

    plural: str
    id: str
    number: str
    unit_decimals: bool = False


ENDPOINTS: Mapping[Kind, Endpoint] = {
    Kind.CONTACT: Endpoint("Contacts", "ContactID", "ContactNumber"),
    Kind.ITEM: Endpoint("Items", "ItemID", "Code", unit_decimals=True),
    Kind.INVOICE: Endpoint("Invoices", "InvoiceID", "InvoiceNumber", unit_decimals=True),
    Kind.CREDIT_NOTE: Endpoint("CreditNotes", "CreditNoteID", "CreditNoteNumber", unit_decimals=True),
    Kind.PAYMENT: Endpoint("Payments", "PaymentID", "Reference"),
    Kind.ALLOCATION: Endpoint("Allocations", "AllocationID", ""),
}


def id_of(kind: Kind, element: Mapping[str, Any]) -> str | None:
    """The element's own Xero id; `None` where Xero gave none."""
    value = element.get(ENDPOINTS[kind].id)
    return value if isinstance(value, str) and value and value != NO_ID else None


def number_of(kind: Kind, element: Mapping[str, Any]) -> str:
    """The element's number, without surrounding spaces; empty where it has none."""
    return str(element.get(ENDPOINTS[kind].number) or "").strip()


def inner(element: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside an element; empty where there is none."""
    value = element.get(name)
    # nearly always what JSON gives; to ask for any mapping costs three times as much
    return value if isinstance(value, (dict, Mapping)) else {}


def same_id(one: Any, other: Any) -> bool:
    """Whether two Xero ids are equal; the case of their letters does not count."""
    return bool(one) and str(one).lower() == str(other).lower()
