"""Sales that an earlier connector may have brought to Xero: found by their order number in the reference. Pure.

The reference is where connectors put the store's order number; the documents' own numbers differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from worker.documents import Write
from worker.ledger.records import Document
from worker.xero.chosen import with_due_date
from worker.xero.endpoints import GONE, id_of, number_of
from worker.xero.facts import facts_of, money
from worker.xero.revision import Clash
from worker.xero.sameness import totals_of

Policy = Literal["adopt", "leave"]
_DAY = "cut_over_on"
_KEPT = ("cut_over", "due_at_cut_over", _DAY)
_EASTERNMOST = timedelta(hours=14)
"""No store's date is ahead of UTC's by more."""

_HINT = (
    "compare them in xero: make totals and currencies equal or void the other, and retry; or discard this event and "
    "leave the sale to what is there"
)


def earlier(
    write: Write, elements: Sequence[Mapping[str, Any]], *, policy: Policy, taken: frozenset[str], now: datetime
) -> Document | Clash | None:
    """The document that stands for the sale of `write` already; `None`: none does.

    Of several with the order's number, as partial invoices have it, the one of the same total and currency counts.
    `taken` are the ids of documents that are another sale's already, `now` is when Xero was asked.
    """
    candidates = [one for one in elements if _may_be(write, one) and str(id_of(write.kind, one)) not in taken]
    if not candidates:
        return None
    total, _ = totals_of(write.payload)
    currency = str(write.payload.get("CurrencyCode") or "")
    same = [one for one in candidates if money(one.get("Total")) == total and _currency(one, currency) == currency]
    if not same and policy == "leave":
        same = candidates
    if not same:
        shown = ", ".join(
            f"{number_of(write.kind, one)} of {money(one.get('Total'))} {_currency(one)}".rstrip()
            for one in candidates[:5]
        )
        detail = f"xero has {shown} for this order, the store says {total} {currency}"
        return Clash("cut_over_differs", detail, _HINT)
    return _document(write, same[0], policy, now)


def as_adopted(document: Document, before: Document | None, ours_from: date | None) -> Document:
    """With what is known of its cut-over.

    A row of an earlier version has no day of its adoption. It was adopted after its version, and hardly before
    `ours_from`, the first day that is ours alone.
    """
    kept = {name: before.facts[name] for name in _KEPT if name in before.facts} if before else {}
    if before is not None and "due_at_cut_over" in kept:
        at_least = (before.version + _EASTERNMOST).date()
        kept.setdefault(_DAY, max(at_least, ours_from or at_least).isoformat())
    return document._replace(facts={**document.facts, **kept}) if kept else document


def _currency(element: Mapping[str, Any], unsaid: str = "") -> str:
    return str(element.get("CurrencyCode") or unsaid)


def _may_be(write: Write, element: Mapping[str, Any]) -> bool:
    reference = str(write.payload.get("Reference") or "").strip().lower()
    return (
        bool(reference)
        and str(element.get("Reference") or "").strip().lower() == reference
        and element.get("Type") == write.payload.get("Type")
        and element.get("Status") not in GONE
        and id_of(write.kind, element) is not None
        and number_of(write.kind, element) != write.number
    )


def _document(write: Write, element: Mapping[str, Any], policy: Policy, now: datetime) -> Document:
    facts = {**with_due_date(facts_of(write.kind, element), write.payload), "cut_over": policy}
    if policy == "leave":
        facts["linked"] = True
    due = money(element.get("AmountDue"))
    if due is not None:
        facts["due_at_cut_over"] = f"{due.quantize(Decimal('0.01')):f}"
        facts[_DAY] = (now + _EASTERNMOST).date().isoformat()
    return Document(
        key=write.key,
        kind=write.kind,
        xero_id=str(id_of(write.kind, element)),
        number=number_of(write.kind, element),
        version=write.version,
        content_hash=write.content_hash,
        facts=facts,
    )
