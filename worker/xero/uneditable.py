"""Payments and allocations that changed after Xero had them: Xero makes and deletes these, and never edits one. Pure.

Another account alone is no change: the configuration names it for what is still to be booked; what is booked stands.
https://developer.xero.com/documentation/api/accounting/payments
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from worker.documents.documents import MONEY, PAYMENT, Action, Write
from worker.ledger.records import Document, Known, Stop
from worker.mapping.locks import was_moved, without_note
from worker.xero.elements import element_of
from worker.xero.facts import date_of, money, rate_of
from worker.xero.paying import on_last_invoice
from worker.xero.sameness import payment_differences

Element = Mapping[str, Any]

REASON = "payment_changed"
_PAYMENT_HINT = (
    "xero cannot edit a payment: publish its removal and then a new payment under another id, or adjust it in xero "
    "and discard this event"
)
_ALLOCATION_HINT = (
    "xero cannot edit what is set off: remove the credit from its invoice in xero, and retry, so that the credit note "
    "becomes what the store says; then set the credit against the invoice there by hand and discard this event"
)


def is_changed(write: Write, document: Document | None) -> bool:
    """Whether the store now says something else of a payment than it did.

    The same version in other words, the amount being the same, is our own configuration that changed: no news.
    """
    if document is None or write.kind not in MONEY or write.action is not Action.SAVE:
        return False
    if write.version < document.version or write.content_hash == document.content_hash:
        return False
    return write.version > document.version or not _is_same_amount(write, document)


def may_stand(write: Write, document: Document) -> bool:
    """Whether a changed payment may be on another account and no more. The ledger cannot tell; Xero shows it."""
    return write.kind is PAYMENT and _is_same_amount(write, document)


def stop_of(write: Write, known: Known, theirs: Element | None) -> Stop | None:
    """Why a person has to decide on a changed `write`; None where what is booked stands.

    `theirs` is what Xero shows of a payment that `may_stand`.
    """
    document = known.documents[write.key]
    if not _is_same_amount(write, document):
        now, then = _amounts(write, document)
        differs = f"the {write.kind} in xero is of {then}, the store now says {now}"
    elif write.kind is PAYMENT:
        wrong = "; ".join(_unlike(write, known, theirs))
        if not wrong:
            return None
        differs = f"the payment in xero is of the same amount, but {wrong}; the store now says {_says(write.payload)}"
    else:
        differs = "the allocation in xero has the same amount, but another date or target"
        differs = f"{differs}; the store now says {_says(write.payload)}"
    return Stop(write, REASON, differs, _PAYMENT_HINT if write.kind is PAYMENT else _ALLOCATION_HINT)


def _unlike(write: Write, known: Known, theirs: Element | None) -> Iterator[str]:
    """One phrase for each thing beside the account that Xero has otherwise. A date that had to be moved is the same."""
    if theirs is None:
        yield "it is there no more"
        return
    if not known.documents.keys() >= write.needs:
        yield "what it pays is there no more"
        return
    ours = {name: value for name, value in element_of(write, known).items() if name != "Account"}
    day, there = write.moved_from or str(ours["Date"]), date_of(theirs) or ""
    booked = there if was_moved(PAYMENT, theirs, day, there) else day
    yield from payment_differences({**ours, "Date": booked}, on_last_invoice(write, theirs, known))
    references = [without_note(str(one.get("Reference") or ""), day).strip() for one in (ours, theirs)]
    if references[0] != references[1]:
        yield f"reference {references[1]}, expected {references[0]}"
    rates = [rate_of(one) for one in (ours, theirs)]
    if None not in rates and rates[0] != rates[1]:
        yield f"rate {rates[1]}, expected {rates[0]}"


def _says(payload: Element) -> str:
    account = payload.get("Account", {})
    said = (f"{payload['Date']}", *(f"account {one}" for one in account.values()), payload.get("Reference"))
    return ", ".join(str(one) for one in said if one)


def _is_same_amount(write: Write, document: Document) -> bool:
    now, then = _amounts(write, document)
    return now == then


def _amounts(write: Write, document: Document) -> tuple[object, object]:
    return money(write.payload.get("Amount")), money(document.facts.get("amount"))
