"""Whether a payment or allocation can go to its document as things stand, before it costs a place in a call. Pure.

https://developer.xero.com/documentation/api/accounting/payments
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from worker.documents.documents import MONEY, Action, DocumentKey, Kind, Write
from worker.ledger.records import AWAITING_APPROVAL, Document, Known, Stop
from worker.xero.changes.reissue import parts
from worker.xero.endpoints import GONE, inner
from worker.xero.facts import UNAPPROVED, money

_APPROVE = "approve the document in xero: what waits for it goes on by itself within the hour"
_VOID = "if the money did move, book it by hand in xero; discard this event"
_CURRENCY = (
    "publish the payment with what it settles of the sale, in the sale's currency; or book it by hand and discard this "
    "event"
)
_OVERPAID = (
    "find the amount that is too much in the store; when the sale has grown, publish it first and retry, else book the "
    "difference by hand and discard this event"
)
_OVERCREDITED = (
    "when the sale has grown, publish it first and retry, else set off by hand in xero what is due of it, leave the "
    "rest as the customer's credit, and discard this event"
)


class Paid:
    """What the payments that are about to be sent come to, by the document they pay.

    What was sent before is not among them: Xero adds that up, in the same call.
    """

    def __init__(self) -> None:
        self._sums: dict[DocumentKey, Decimal] = {}

    def stop_of(self, write: Write, known: Known) -> Stop | None:
        """Why `write` must not be sent beside the others; one that may be is counted in."""
        if write.kind is not Kind.PAYMENT or write.action is Action.VOID:
            return None
        for key in write.needs:
            before, amount = self._sums.get(key), money(write.payload.get("Amount")) or Decimal(0)
            document = known.documents[key]
            total = None if before is None else _total(document.facts)
            if before is not None and total is not None and before + amount > total:
                detail = f"{before} and {amount} were paid at once, and {document.number} is of {total} in all"
                return Stop(write, "overpaid", detail, _OVERPAID, key)
            self._sums[key] = amount if before is None else before + amount
        return None


def stop_of(write: Write, known: Known) -> Stop | None:
    """Why `write` must not be sent: its document is a draft, void, smaller, or in another currency."""
    if write.kind not in MONEY or write.action is Action.VOID:
        return None
    for key in write.needs:
        stop = _stop(write, known.documents[key])
        if stop is not None:
            return stop
    return None


def is_left_alone(write: Write, known: Known) -> bool:
    """Whether the money of a payment is an earlier connector's affair: its invoice was left to it, or paid before."""
    documents = (known.documents[key] for key in write.needs if key in known.documents)
    earlier = (one for one in documents if "linked" in one.facts or "due_at_cut_over" in one.facts)
    return any(leaves_money(one, write.moved_from or str(write.payload["Date"])) for one in earlier)


def leaves_money(document: Document, day: str) -> bool:
    """Whether an earlier connector has made the payments of `day` on `document`, or will: none of ours is sent to it.

    What was paid in full as it was adopted can grow, and is paid to us from then on.
    """
    facts = document.facts
    if facts.get("linked"):
        return True
    return money(facts.get("due_at_cut_over")) == 0 and day <= str(facts.get("cut_over_on", day))


def on_last_invoice(write: Write, element: Mapping[str, Any], known: Known) -> Mapping[str, Any]:
    """A payment of a sale that was issued anew as if it were on the last invoice: on which one it is, is no change."""
    paid = inner(element, "Invoice") if write.kind is Kind.PAYMENT else {}
    sales = (known.documents[key] for key in write.needs if known.documents[key].kind is Kind.INVOICE)
    for sale in sales:
        if paid and parts(str(paid.get("InvoiceNumber")))[0] == parts(sale.number)[0]:
            return {**element, "Invoice": {**paid, "InvoiceID": sale.xero_id}}
    return element


def _stop(write: Write, document: Document) -> Stop | None:
    facts = document.facts
    status = facts.get("status")
    if status in UNAPPROVED:
        detail = f"{document.number} is a {str(status).lower()} that nobody has approved yet"
        return Stop(write, AWAITING_APPROVAL, detail, _APPROVE, document.key, waits=True)
    if status in GONE:
        detail = f"{document.number} is {str(status).lower()}: nothing can be paid to it"
        return Stop(write, "document_void", detail, _VOID, document.key)
    currency = str(facts.get("currency") or "")
    if currency and write.currency and currency != write.currency:
        detail = f"it is in {write.currency}, and {document.number} is in {currency}"
        return Stop(write, "payment_currency", detail, _CURRENCY, document.key)
    total, amount = _total(facts), money(write.payload.get("Amount"))
    if total is not None and amount is not None and amount > total:
        is_credit = write.kind is Kind.ALLOCATION
        what = "of credit are to be set against it" if is_credit else "was paid"
        detail = f"{amount} {what}, and {document.number} is of {total} in all"
        return Stop(write, "overpaid", detail, _OVERCREDITED if is_credit else _OVERPAID, document.key)
    return None


def _total(facts: Mapping[str, Any]) -> Decimal | None:
    return money(facts.get("total"))
