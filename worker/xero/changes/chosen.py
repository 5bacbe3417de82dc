"""What a person chose in Xero for a document of ours, beside what was left there and what the store says now. Pure.

The ledger keeps what was left: a due date only where it is not the date itself, a rate only where the store gave one,
a tracking only where one was configured.
Xero's reply to an update shows the person's choice: kept as ours, it would be overwritten at the next change.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from worker.documents.documents import CREDIT_NOTE, INVOICE
from worker.documents.literals import decode
from worker.ledger.records import Document, Member
from worker.xero.elements import LEFT
from worker.xero.endpoints import inner, same_id
from worker.xero.facts import date_of, facts_of, rate_of

Element = Mapping[str, Any]

_FACTS = {"Contact": "contact_id", "Date": "date", "Reference": "reference"}
_SENT_RATE = re.compile(rb'"CurrencyRate":([^,}]+)')
"""In the text of our own, which is not decoded for each document. What Xero shows may be what it filled in itself."""

_SENT_TRACKING = re.compile(rb'"Tracking":(\[\{"Name":"(?:[^"\\]|\\.)*","Option":"(?:[^"\\]|\\.)*"\}\])')
"""The same of a document's first line: mapping gives all lines of a document one tracking."""


def chosen(ours: Element, document: Document, theirs: Element, *, own_day: str | None) -> frozenset[str]:
    """The fields that a person chose. `own_day` is the store's date, whatever day a lock has moved `ours` to."""
    return frozenset(_chosen(ours, document.facts, theirs, own_day))


def _chosen(ours: Element, facts: Mapping[str, Any], theirs: Element, own_day: str | None) -> Iterator[str]:
    contact = inner(theirs, "Contact").get("ContactID")
    if "contact_id" in facts and not same_id(facts["contact_id"], contact):
        yield "Contact"
    if "date" in facts and date_of(theirs) not in (facts["date"], own_day):
        yield "Date"
    if "rate" in facts and rate_of(theirs) not in (None, facts["rate"], rate_of(ours)):
        yield "CurrencyRate"
    if "reference" in facts and reference_of(ours) == facts["reference"] != reference_of(theirs):
        yield "Reference"


def is_rate_new(ours: Element, document: Document, theirs: Element) -> bool:
    """Whether the store gives another rate than it gave before, and than Xero has."""
    before = document.facts.get("rate")
    return before is not None and rate_of(ours) not in (None, before, rate_of(theirs))


def is_due_date_new(ours: Element, document: Document, theirs: Element) -> bool:
    """Whether the store has another due date than Xero, which still shows the one that was left there."""
    there, says = date_of(theirs, "DueDate"), date_of(ours, "DueDate")
    return there == document.facts.get("due", document.facts.get("date")) and says not in (None, there)


def reference_of(element: Element) -> str:
    """The reference of a document, without the spaces around it."""
    return str(element.get("Reference") or "").strip()


def leaving_tracking(line: Element, known: Element, document: Document) -> Element:
    """Our `line` without its tracking where Xero's `known` has another than was left there: a person's stays."""
    said, left = tracking_of(line), document.facts.get("tracking")
    if not said or left is None or tracking_of(known) in (left, said):
        return line
    return {name: value for name, value in line.items() if name != "Tracking"}


def tracking_of(line: Element) -> dict[str, str]:
    """A line's option by its category; Xero finds both in any case."""
    tracking = line.get("Tracking") or ()
    return {str(one.get("Name")).strip().lower(): str(one.get("Option")).strip().lower() for one in tracking}


def remembering(
    element: dict[str, Any], ours: Element, document: Document, theirs: Element, fields: Collection[str]
) -> dict[str, Any]:
    """An update that says beside itself what was left, or what the store says, of what it leaves as a person has it."""
    left = {name: document.facts[name] for field, name in _FACTS.items() if field in fields}
    due = date_of(ours, "DueDate")
    if due is not None and ("date" in left or ("DueDate" not in element and due != date_of(theirs, "DueDate"))):
        left["due"] = due
    rate = rate_of(ours)
    if rate is not None and "CurrencyRate" not in element and rate_of(theirs) is not None:
        left["rate"] = rate
    said = next((tracking_of(line) for line in ours.get("LineItems") or () if line.get("Tracking")), None)
    # while none is configured what was left stays known, for it may be configured again
    if tracking := said or document.facts.get("tracking"):
        left["tracking"] = tracking
    return element | {LEFT: left} if left else element


def with_due_date(facts: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a document that we did not write: a due date that is not the store's counts as a person's."""
    due = date_of(payload, "DueDate")
    return _short({**facts, "due": due}) if due else dict(facts)


def facts_after(member: Member, element: Element) -> dict[str, Any]:
    """The facts of a document that Xero shows as `element` once `member` was sent."""
    facts = facts_of(member.kind, element)
    if member.kind is not INVOICE and member.kind is not CREDIT_NOTE:
        return facts
    sent = _SENT_RATE.search(member.text) if element.get("CurrencyRate", 1) != 1 else None
    if sent and (rate := rate_of({"CurrencyRate": sent[1].decode()})) is not None:
        facts["rate"] = rate
    if reference := element.get("Reference"):
        facts["reference"] = reference
    if b'"Tracking"' in member.text and (tracked := _SENT_TRACKING.search(member.text)) is not None:
        facts["tracking"] = tracking_of({"Tracking": decode(tracked[1])})
    if member.xero_id is not None:
        facts = _short(facts | member.element.get(LEFT, {}))
    return facts


def facts_found(member: Member, element: Element) -> dict[str, Any]:
    """The facts of a document that a look-up shows: as `member` says it, or as it was written long before.

    A rate or a tracking that it does not show was not left there by us. Xero's reply to a write is not asked: of
    tracking it is cut down to nothing.
    """
    facts = facts_after(member, element)
    if member.xero_id is not None:
        return facts
    if "rate" in facts and facts["rate"] != rate_of(element):
        del facts["rate"]
    if "tracking" in facts and any(tracking_of(line) != facts["tracking"] for line in element.get("LineItems") or ()):
        del facts["tracking"]
    return facts


def _short(facts: dict[str, Any]) -> dict[str, Any]:
    """Without a due date that is the date itself."""
    if facts.get("due") == facts.get("date"):
        facts.pop("due", None)
    return facts
