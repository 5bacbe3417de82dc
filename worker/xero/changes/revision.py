"""How a document that is in Xero may be changed, if at all. Pure.

Unpaid, everything may change. Once a payment or credit is on it, only its words and accounts may; in a locked period,
nothing. What a person voided or changed is theirs. https://developer.xero.com/documentation/api/accounting/invoices
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from worker.documents.documents import Kind, Write
from worker.ledger.records import Document
from worker.mapping.locks import booked_on
from worker.xero.changes.chosen import chosen, is_due_date_new, is_rate_new, leaving_tracking, remembering
from worker.xero.changes.moved import as_it_stands, counted, is_locked
from worker.xero.changes.pairing import is_same_money, paired
from worker.xero.changes.reissue import BEGUN, REASON
from worker.xero.endpoints import ENDPOINTS, GONE, number_of
from worker.xero.facts import UNAPPROVED, date_of, facts_of, money, rate_of
from worker.xero.messages import PERIOD_LOCKED, STANDS_LOCKED_HINT
from worker.xero.sameness import lines_said, totals_of

Element = Mapping[str, Any]
Chosen = Collection[str]
_Pairs = Sequence[tuple[Element, Element | None]]

_KEPT = ("total", "currency", "lines")
"""The facts by which a person's change is told. Not when it changed last: payments move that too."""

_FREE_OF_DOCUMENT = ("Reference", "BrandingThemeID")
_FREE_OF_LINE = ("Description", "AccountCode", "Tracking")


@dataclass(frozen=True, slots=True)
class Revised:
    """The element to send."""

    element: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Agreed:
    """A person has made it what the store now says: nothing is to be sent."""


@dataclass(frozen=True, slots=True)
class Clash:
    """It must not be sent; both versions are in `detail`, without names."""

    reason: str
    detail: str
    hint: str


def revise(
    kind: Kind, ours: Element, document: Document, theirs: Element | None, *, moved_from: str = ""
) -> Revised | Agreed | Clash:
    """Bring `ours`, every place filled, to a document that Xero shows as `theirs` and the ledger left as `document`.

    `moved_from` is the store's own date (`YYYY-MM-DD`) where its period is locked and `ours` is therefore on another.
    """
    if theirs is None:
        return Clash("not_found", f"{document.number} is no longer in xero; {_says(ours)}", GONE_HINT)
    if theirs.get("Status") in GONE:
        return Clash("voided_in_xero", f"{_shows(document, theirs)}; {_says(ours)}", _VOID_HINT)
    standing = as_it_stands(kind, ours, theirs, left=document.facts, moved_from=moved_from)
    if not _was_changed(kind, document, theirs):
        return _change(kind, ours, standing, document, theirs, moved_from)
    if _money_of(standing) == _money_of(theirs) and not is_rate_new(ours, document, theirs):
        return Agreed()
    return Clash("changed_in_xero", _both(document, standing, theirs), _CHANGED_HINT)


def as_agreed(write: Write, document: Document, theirs: Element) -> Document | None:
    """`document` as a person made it, where each line is what the store says too; None where any is theirs alone.

    It counts as ours from then on: later versions of the store may change it. Another contact or day stays theirs.
    """
    facts = facts_of(write.kind, theirs)
    if facts.get("lines") is None or facts["lines"] != lines_said(write.kind, write.payload):
        return None
    names = (*_KEPT, "date") if date_of(write.payload) == date_of(theirs) else _KEPT
    return document._replace(facts={**document.facts, **{name: facts[name] for name in names if name in facts}})


def _change(
    kind: Kind, ours: Element, standing: Element, document: Document, theirs: Element, moved_from: str
) -> Revised | Clash:
    if document.content_hash == BEGUN:
        return Clash(REASON, _both(document, ours, theirs), _PAID_HINT)
    fields = chosen(ours, document, theirs, own_day=moved_from or date_of(ours))
    if _is_disputed(standing, document, theirs, fields):
        return Clash("changed_in_xero", _both(document, standing, theirs), _CHANGED_HINT)
    is_closed = is_locked(ours, theirs, moved_from)
    if is_settled_in_part(kind, theirs):
        return _of_paid(kind, standing, document, theirs, fields, is_closed=is_closed)
    if is_closed:
        return Clash(PERIOD_LOCKED, _both(document, standing, theirs), STANDS_LOCKED_HINT)
    return Revised(_whole(kind, standing if "Date" in fields else ours, document, theirs, fields))


def _of_paid(
    kind: Kind, ours: Element, document: Document, theirs: Element, fields: Chosen, *, is_closed: bool
) -> Revised | Clash:
    pairs = _pairs(ours, document, theirs)
    if _moves_money(ours, theirs, pairs) or is_rate_new(ours, document, theirs):
        hint = _PAID_HINT if money(theirs.get("Total")) else _FREE_HINT
        return Clash(REASON, _both(document, ours, theirs), _PAID_AND_LOCKED_HINT if is_closed else hint)
    if is_closed:
        return Clash(PERIOD_LOCKED, _both(document, ours, theirs), STANDS_LOCKED_HINT)
    return Revised(_words(kind, ours, document, theirs, fields, pairs))


def _is_disputed(ours: Element, document: Document, theirs: Element, fields: Chosen) -> bool:
    """Whether the store has changed what a person chose, and to something else."""
    is_other_day = "Date" in fields and date_of(ours) != date_of(theirs)
    return is_other_day or ("CurrencyRate" in fields and is_rate_new(ours, document, theirs))


def is_settled_in_part(kind: Kind, theirs: Element) -> bool:
    """Whether payments or credit are on a document, or it is of nothing, which Xero calls paid at once."""
    if theirs.get("Status") == "PAID" or any(theirs.get(name) for name in ("Payments", "CreditNotes", "Allocations")):
        return True
    if kind is Kind.CREDIT_NOTE:
        remaining = money(theirs.get("RemainingCredit"))
        return remaining is not None and remaining != money(theirs.get("Total"))
    return any(money(theirs.get(name)) for name in ("AmountPaid", "AmountCredited"))


def _was_changed(kind: Kind, document: Document, theirs: Element) -> bool:
    now = facts_of(kind, theirs)
    return any(name in now and now[name] != document.facts[name] for name in _KEPT if name in document.facts)


def _whole(kind: Kind, ours: Element, document: Document, theirs: Element, fields: Chosen) -> dict[str, Any]:
    element = _headed(kind, ours, document, theirs, fields)
    if ours.get("Status") in UNAPPROVED or theirs.get("Status") not in UNAPPROVED:
        element.pop("Status", None)  # what a person approved or submitted stays so
    if date_of(ours) == date_of(theirs) and not is_due_date_new(ours, document, theirs):
        element.pop("DueDate", None)  # a person may have given the customer more time
    element["LineItems"] = [_kept_line(line, known) for line, known in _pairs(ours, document, theirs)]
    return remembering(element, ours, document, theirs, fields)


def _words(
    kind: Kind, ours: Element, document: Document, theirs: Element, fields: Chosen, pairs: _Pairs
) -> dict[str, Any]:
    free = {name: ours[name] for name in (*_FREE_OF_DOCUMENT, "Contact") if name in ours}
    element = _headed(kind, free, document, theirs, fields)
    if theirs.get("CreditNotes") or theirs.get("Allocations"):
        element.pop("Contact", None)
    if is_due_date_new(ours, document, theirs):
        element["DueDate"] = ours["DueDate"]
    lines = [
        {"LineItemID": known["LineItemID"], **{name: line[name] for name in _FREE_OF_LINE if name in line}}
        for line, known in pairs
        if known is not None
    ]
    changed = {line["LineItemID"] for line in lines}
    # a note of ours that the sale needs no more: Xero deletes what is not named
    kept = [{"LineItemID": line["LineItemID"]} for line in theirs.get("LineItems") or () if "LineItemID" in line]
    element["LineItems"] = [*lines, *(line for line in kept if line["LineItemID"] not in changed)]
    return remembering(element, ours, document, theirs, fields)


def _headed(kind: Kind, ours: Element, document: Document, theirs: Element, fields: Chosen) -> dict[str, Any]:
    """With its id; a number that is not ours, and what a person chose, such as another contact, stay."""
    element = {name: value for name, value in ours.items() if name not in fields}
    return element | {ENDPOINTS[kind].id: document.xero_id, ENDPOINTS[kind].number: number_of(kind, theirs)}


def _kept_line(line: Element, known: Element | None) -> dict[str, Any]:
    return dict(line) if known is None else {"LineItemID": known["LineItemID"], **line}


def _moves_money(ours: Element, theirs: Element, pairs: _Pairs) -> bool:
    if any(_text(ours, name) != _text(theirs, name) for name in ("CurrencyCode", "LineAmountTypes")):
        return True
    with_money = [(line, known) for line, known in pairs if booked_on(line) is None]
    if any(known is None or not is_same_money(line, known) for line, known in with_money):
        return True
    return len(with_money) != len(counted(theirs)) or date_of(ours) != date_of(theirs)


def _pairs(ours: Element, document: Document, theirs: Element) -> _Pairs:
    pairs = paired(ours.get("LineItems") or (), theirs.get("LineItems") or ())
    return [(line if known is None else leaving_tracking(line, known, document), known) for line, known in pairs]


def _text(element: Element, name: str) -> str:
    return str(element.get(name) or "")


def _money_of(element: Element) -> tuple[object, ...]:
    total, tax = _sums(element)
    return total, tax, date_of(element), _text(element, "CurrencyCode")


def _sums(element: Element) -> tuple[Decimal | None, Decimal | None]:
    """Xero's own sums, where it says them; else what the lines add up to. Cents."""
    total, tax = totals_of(element)
    return _cents(money(element.get("Total")) or total), _cents(money(element.get("TotalTax")) or tax)


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(Decimal("0.01"))


def _both(document: Document, ours: Element, theirs: Element) -> str:
    facts = document.facts
    dated = f", dated {facts['date']}" if "date" in facts else ""
    left = f"; it was left with total {facts['total']}{dated}{_at(facts.get('rate'))}" if "total" in facts else ""
    return f"{_shows(document, theirs)}{left}; {_says(ours)}"


def _shows(document: Document, theirs: Element) -> str:
    total, tax = _sums(theirs)
    paid = sum((money(theirs.get(name)) or Decimal(0) for name in ("AmountPaid", "AmountCredited")), Decimal("0.00"))
    if (left := money(theirs.get("RemainingCredit"))) is not None:
        paid = (money(theirs.get("Total")) or left) - left
    lines = len(theirs.get("LineItems") or ())
    changed = f", last changed {date_of(theirs, 'UpdatedDateUTC')}" if theirs.get("UpdatedDateUTC") else ""
    status = str(theirs.get("Status") or "").lower()
    return (
        f"xero has {document.number} ({status}) of {date_of(theirs)} with {lines} lines, total {total}, tax {tax}, "
        f"paid or credited {paid}{_at(rate_of(theirs))}{changed}"
    )


def _says(ours: Element) -> str:
    total, tax = _sums(ours)
    lines = len(ours.get("LineItems") or ())
    return f"the store says {date_of(ours)}, {lines} lines, total {total}, tax {tax}{_at(rate_of(ours))}"


def _at(rate: str | None) -> str:
    return f", rate {rate}" if rate else ""


_PAID_AND_LOCKED_HINT = (
    "it is paid and stands in a period that is locked: publish the difference as a credit memo or another sale and "
    "discard this event"
)
GONE_HINT = "find out who took it out of xero; book the sale by hand and discard this event"
_VOID_HINT = (
    "it is void, by a person or because the store took it back before, and xero never takes that back: if that is "
    "right, discard this event; if not, book the sale by hand under another number"
)
_CHANGED_HINT = (
    "a person changed it in xero: make xero's version what the store says and retry, or keep it and discard this event"
)
_PAID_HINT = (
    "xero keeps the amounts of what has payments or credit on it: publish the difference as a credit memo or another "
    "sale and discard this event; or remove its payments and credit in xero, retry, and enter the payments there again "
    "with their references, for none is sent a second time"
)
_FREE_HINT = (
    "xero marks what is of 0.00 as paid at once, keeps its amounts and does not void it: publish the difference as "
    'another sale and discard this event; or set [organisations.NAME] edited_paid = "reissue", restart and retry'
)
