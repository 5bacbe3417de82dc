"""What a person chose in Xero for a document of ours, and what the ledger keeps of it: what was left there. Pure.

Xero's reply to an update shows the person's choice. Kept as ours, it would be overwritten at the next change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.ledger.records import Document, Member
from worker.xero.elements import LEFT
from worker.xero.facts import facts_of

Element = Mapping[str, Any]


def remembering(element: dict[str, Any], document: Document) -> dict[str, Any]:
    """An update that says beside itself what was left in Xero of the fields that it leaves as they are."""
    left: dict[str, str] = {}
    if "Contact" not in element and "contact_id" in document.facts:
        left["contact_id"] = document.facts["contact_id"]
    return element | {LEFT: left} if left else element


def facts_after(member: Member, element: Element) -> dict[str, Any]:
    """The facts of a document that Xero shows as `element` once `member` was sent."""
    facts = facts_of(member.kind, element)
    if member.xero_id is not None:
        facts |= member.element.get(LEFT, {})
    return facts
