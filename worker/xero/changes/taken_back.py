"""A payment or credit that the store takes back from an invoice which was issued anew since. Pure.

What was paid on the old invoice counts for the new one by the credit note between them, and would go on counting. That
credit has to go back to the old invoice, which takes it only once the payment is deleted: three steps, each of which
Xero may refuse, as for a lock date or a batch, and the books are wrong between them. So a person takes them.
https://developer.xero.com/documentation/api/accounting/creditnotes
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from worker.documents.documents import Kind
from worker.ledger.records import Document
from worker.xero.changes.reissue import parts
from worker.xero.endpoints import GONE, inner, number_of, same_id

Element = Mapping[str, Any]


def stands_on(document: Document, elements: Sequence[Element]) -> str:
    """The number of the invoice that a payment or allocation is on; empty where it is gone, or on no invoice.

    `elements` are the payments, or the credit notes, that Xero shows.
    """
    one = next(
        _allocations(document, elements) if document.kind is Kind.ALLOCATION else _payments(document, elements), {}
    )
    return number_of(Kind.INVOICE, inner(one, "Invoice"))


def by_hand(document: Document, number: str, last: str) -> tuple[str, str]:
    """What to tell of a payment or allocation on the invoice of that `number`: where it is, and what is to be done.

    `last` is the number of the sale's newest invoice.
    """
    detail = f"it is on {number}, which was issued anew as {last} since; nothing was deleted"
    first = "delete the payment" if document.kind is Kind.PAYMENT else f"take its credit off {number}"
    return detail, f"in xero, {'; then '.join((first, *_moves(number, last)))}; then retry"


def _payments(document: Document, elements: Sequence[Element]) -> Iterator[Element]:
    ours = (one for one in elements if same_id(document.xero_id, one.get("PaymentID")))
    return (one for one in ours if one.get("Status") not in GONE)


def _allocations(document: Document, notes: Sequence[Element]) -> Iterator[Element]:
    """Those of its credit note, where Xero did not name the one."""
    ours = (note for note in notes if same_id(document.facts.get("credit_note_id"), note.get("CreditNoteID")))
    standing = (one for note in ours for one in note.get("Allocations") or () if not one.get("IsDeleted"))
    return (one for one in standing if not document.xero_id or same_id(document.xero_id, one.get("AllocationID")))


def _moves(number: str, last: str) -> Iterator[str]:
    """Each credit note between the two goes back to the invoice that it takes back."""
    base, place = parts(number)
    for old in range(place, parts(last)[1], 2):
        before, credit, after = (f"{base}~{one}" if one else base for one in (old, old + 1, old + 2))
        yield f"take credit note {credit} off {after}, set it against {before} and what is left against {after}"
