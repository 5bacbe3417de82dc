"""Payments and allocations that changed after Xero had them: Xero makes and deletes these, and never edits one. Pure.

https://developer.xero.com/documentation/api/accounting/payments
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.documents import Action, Kind, Write
from worker.ledger.records import Document
from worker.xero.facts import money

REASON = "payment_changed"
_PAYMENT_HINT = (
    "xero cannot edit a payment: publish its removal and then a new payment under another id, or adjust it in xero "
    "and discard this event"
)
_SAME_AMOUNT_HINT = (
    "if it did not change in the store, the account of its method did in [organisations.NAME.payments]: discard this "
    f"event, for the money is booked. Else {_PAYMENT_HINT}"
)
_ALLOCATION_HINT = (
    "xero cannot edit what is set off: remove the credit from its invoice in xero, and retry, so that the credit note "
    "becomes what the store says; then set the credit against the invoice there by hand and discard this event"
)
_KINDS = frozenset({Kind.PAYMENT, Kind.ALLOCATION})


def is_changed(write: Write, document: Document | None) -> bool:
    """Whether the store now says something else of a payment than Xero has.

    The same version in other words, the amount being the same, is our own configuration that changed: no news.
    """
    if document is None or write.kind not in _KINDS or write.action is not Action.SAVE:
        return False
    if write.version < document.version or write.content_hash == document.content_hash:
        return False
    return write.version > document.version or _amounts(write, document)[0] != _amounts(write, document)[1]


def difference(write: Write, document: Document) -> str:
    """What differs, for the person who has to decide."""
    now, then = _amounts(write, document)
    if now == then:
        differs = f"the {write.kind} in xero has the same amount, but another date, account, target or reference"
        return f"{differs}; the store now says {_says(write.payload)}"
    return f"the {write.kind} in xero is of {then}, the store now says {now}"


def hint(write: Write, document: Document) -> str:
    """What that person can do."""
    if write.kind is Kind.ALLOCATION:
        return _ALLOCATION_HINT
    now, then = _amounts(write, document)
    return _SAME_AMOUNT_HINT if now == then else _PAYMENT_HINT


def _says(payload: Mapping[str, Any]) -> str:
    account = payload.get("Account", {})
    said = (f"{payload['Date']}", *(f"account {one}" for one in account.values()), payload.get("Reference"))
    return ", ".join(str(one) for one in said if one)


def _amounts(write: Write, document: Document) -> tuple[object, object]:
    return money(write.payload.get("Amount")), money(document.facts.get("amount"))
