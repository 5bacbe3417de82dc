"""What must be in Xero after some days, and how far that is from what is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from deploy.demo.books import Books
from tests.acceptance.post import organisation_of
from tests.support.trading_day import Day
from worker.mapping.keys import item_code

_SALES = {"contacts": "contacts", "invoices": "invoices", "credit_notes": "credit_memos", "payments": "payments"}
_IDS = {
    "contacts": "ContactID",
    "items": "ItemID",
    "invoices": "InvoiceID",
    "credit_notes": "CreditNoteID",
    "payments": "PaymentID",
}
Documents = Mapping[str, Mapping[str, Any]]


def wanted(days: Collection[Day]) -> dict[str, int]:
    """How many documents of each kind; the stores of one organisation share its items."""
    counts = {kind: sum(len(getattr(day, name)) for day in days) for kind, name in _SALES.items()}
    counts["items"] = len({(organisation_of(day), sku) for day in days for sku in day.items})
    counts["allocations"] = sum(len(day.allocated) for day in days)
    return counts


def of_day(books: Books, day: Day, days: Collection[Day], made_by_people: Collection[str]) -> Books:
    """What of the books is this day's; with one day that is everything but what people made."""
    found = {kind: _without(getattr(books, kind), identifier, made_by_people) for kind, identifier in _IDS.items()}
    if len(days) > 1:
        marks = {"contacts": f"{day.store}:", "invoices": f"I-{day.store}-", "credit_notes": f"C-{day.store}-"}
        marks["payments"] = f"P-{day.store}-"
        found |= {kind: _marked(found[kind], mark) for kind, mark in marks.items()}
        codes = {item_code(sku) for sku in day.items}
        found["items"] = {code: item for code, item in found["items"].items() if code in codes}
    return Books(**found)


def _without(documents: Documents, identifier: str, ids: Iterable[str]) -> Documents:
    gone = set(ids)
    return {number: document for number, document in documents.items() if document.get(identifier) not in gone}


def _marked(documents: Documents, mark: str) -> Documents:
    return {number: document for number, document in documents.items() if number.startswith(mark)}
