"""What a person chose in Xero for a document of ours, beside what was left there and what the store says now. Pure.

The ledger keeps what was left. Xero's reply to an update shows the person's choice: kept as ours, it would be
overwritten at the next change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from worker.ledger.records import Document, Member
from worker.xero.elements import LEFT
from worker.xero.endpoints import inner, same_id
from worker.xero.facts import date_of, facts_of

Element = Mapping[str, Any]

_FACTS = {"Contact": "contact_id", "Date": "date"}


def chosen(document: Document, theirs: Element, *, own_day: str | None) -> frozenset[str]:
    """The fields that a person chose. `own_day` is the store's date, whatever day a lock moves it to."""
    return frozenset(_chosen(document.facts, theirs, own_day))


def _chosen(facts: Mapping[str, Any], theirs: Element, own_day: str | None) -> Iterator[str]:
    contact = inner(theirs, "Contact").get("ContactID")
    if "contact_id" in facts and not same_id(facts["contact_id"], contact):
        yield "Contact"
    if "date" in facts and date_of(theirs) not in (facts["date"], own_day):
        yield "Date"


def remembering(element: dict[str, Any], document: Document, fields: Collection[str]) -> dict[str, Any]:
    """An update that says beside itself what was left of the `fields` that it leaves to a person."""
    left = {name: document.facts[name] for field, name in _FACTS.items() if field in fields}
    return element | {LEFT: left} if left else element


def facts_after(member: Member, element: Element) -> dict[str, Any]:
    """The facts of a document that Xero shows as `element` once `member` was sent."""
    facts = facts_of(member.kind, element)
    if member.xero_id is not None:
        facts |= member.element.get(LEFT, {})
    return facts
