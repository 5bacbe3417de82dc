"""Sales that an earlier connector may have brought to Xero: found by their order number in the reference. Pure.

The reference is where connectors put the store's order number; the documents' own numbers differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from worker.documents.documents import Write
from worker.ledger.records import Document
from worker.xero.changes.chosen import with_due_date
from worker.xero.changes.revision import Clash
from worker.xero.endpoints import GONE, id_of, number_of
from worker.xero.facts import date_of, facts_of, money
from worker.xero.sameness import totals_of

Policy = Literal["adopt", "leave"]
_DAY = "cut_over_on"
_KEPT = ("cut_over", "due_at_cut_over", _DAY)
_EASTERNMOST = timedelta(hours=14)
"""No store's date is ahead of UTC's by more."""

_DAYS_APART = timedelta(days=7)
"""How far its date may be from the store's: the order's day is not the invoice's, nor one time zone's the other's."""

_HINT = (
    "compare them in xero: make totals and currencies equal or void the other, and retry; or discard this event and "
    "leave the sale to what is there"
)
_SHARED_HINT = (
    "compare them in xero: where it is another store's, retry once that one's sale is here, or give it another "
    "reference in xero and retry; where it is this sale, make totals, currencies and dates equal and retry, or discard "
    "this event and leave the sale to what is there"
)


@dataclass(frozen=True, slots=True)
class Search:
    """How an earlier connector's documents are looked for.

    `alone`: one store feeds the organisation, so that an order's number is one order's. Else another store's order may
    have it, and what is left alone may be off by no more than `rounding_limit`. `now` is when Xero was asked.
    """

    policy: Policy
    alone: bool
    rounding_limit: Decimal
    now: datetime


def earlier(
    write: Write, elements: Sequence[Mapping[str, Any]], search: Search, *, taken: frozenset[str]
) -> Document | Clash | None:
    """The document that stands for the sale of `write` already; `None`: none does.

    Of several with the order's number, as partial invoices have it, the one of the same total and currency counts.
    `taken` are the ids of documents that are another sale's already.
    """
    candidates = [one for one in elements if _may_be(write, one) and str(id_of(write.kind, one)) not in taken]
    if not candidates:
        return None
    fitting = candidates if search.alone else [one for one in candidates if _is_near(write, one)]
    same = [one for one in fitting if _is_worth(write, one)]
    if not same and search.policy == "leave":
        # an earlier connector may have rounded otherwise, or booked shipping elsewhere
        same = fitting if search.alone else [one for one in fitting if _is_worth(write, one, search.rounding_limit)]
    if not same:
        return _clash(write, candidates[:5], alone=search.alone)
    return _document(write, same[0], search)


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


def _clash(write: Write, candidates: Sequence[Mapping[str, Any]], *, alone: bool) -> Clash:
    def told(total: Decimal | None, currency: str, day: str | None) -> str:
        return f"{total} {currency}".rstrip() + ("" if alone else f" on {day}")

    shown = ", ".join(
        f"{number_of(write.kind, one)} of {told(money(one.get('Total')), _currency(one), date_of(one))}"
        for one in candidates
    )
    total, _ = totals_of(write.payload)
    says = told(total, str(write.payload.get("CurrencyCode") or ""), _day_of(write))
    detail = f"xero has {shown} for this order, the store says {says}"
    return Clash("cut_over_differs", detail, _HINT if alone else _SHARED_HINT)


def _is_worth(write: Write, element: Mapping[str, Any], off_by: Decimal = Decimal(0)) -> bool:
    total, _ = totals_of(write.payload)
    theirs = money(element.get("Total"))
    currency = str(write.payload.get("CurrencyCode") or "")
    is_sum = total is not None and theirs is not None and abs(total - theirs) <= off_by
    return is_sum and _currency(element, currency) == currency


def _is_near(write: Write, element: Mapping[str, Any]) -> bool:
    day = date_of(element)
    return day is not None and abs(date.fromisoformat(day) - date.fromisoformat(_day_of(write))) <= _DAYS_APART


def _day_of(write: Write) -> str:
    """The store's own."""
    return write.moved_from or str(write.payload["Date"])


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


def _document(write: Write, element: Mapping[str, Any], search: Search) -> Document:
    facts = {**with_due_date(facts_of(write.kind, element), write.payload), "cut_over": search.policy}
    if search.policy == "leave":
        facts["linked"] = True
    due = money(element.get("AmountDue"))
    if due is not None:
        facts["due_at_cut_over"] = f"{due.quantize(Decimal('0.01')):f}"
        facts[_DAY] = (search.now + _EASTERNMOST).date().isoformat()
    return Document(
        key=write.key,
        kind=write.kind,
        xero_id=str(id_of(write.kind, element)),
        number=number_of(write.kind, element),
        version=write.version,
        content_hash=write.content_hash,
        facts=facts,
    )
