"""Contacts that a person merged into another: Xero archives them, and says which one has their documents now.

https://developer.xero.com/documentation/api/accounting/contacts
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from worker.calls.refusals.archived import contacts_of
from worker.calls.refusals.asking import ask_soon
from worker.documents.documents import Kind
from worker.ledger.records import Call, Document, Member, Purpose
from worker.session.outcome import Results
from worker.session.session import Session
from worker.xero.endpoints import NO_ID, inner, same_id
from worker.xero.looks import contacts_by_id
from worker.xero.messages import CONTACT_ARCHIVED


async def follow_merged(session: Session, call: Call, results: Results) -> Results:
    """The results of `call`, with the members freed whose contact was merged.

    The ledger has the other in its place from now on. The other is left to people, for it may be another customer's.
    Where Xero does not say soon, the refusals stand. Raises as `ask_soon`.
    """
    refused = (member for member, one in results.refused if one.reason == CONTACT_ARCHIVED)
    contact_of = {member: key for member in refused for key in contacts_of(session, member)}
    if not contact_of:
        return results
    known = await session.ledger.documents.get(contact_of.values())
    outdated = {member for member, key in contact_of.items() if key in known and _is_outdated(member, known[key])}
    asked = {key for member, key in contact_of.items() if key in known and member not in outdated}
    moved = await _moved(session, call, [known[key] for key in asked])
    await session.ledger.documents.rewrite(session.lease, moved)
    followed = {one.key for one in moved}
    freed = [member for member, key in contact_of.items() if member in outdated or key in followed]
    kept = [(member, one) for member, one in results.refused if member not in freed]
    return replace(results, refused=kept, freed=[*results.freed, *freed])


def _is_outdated(member: Member, contact: Document) -> bool:
    """Whether it was sent before another call found what the contact is now. An edit may name a person's choice."""
    if member.kind is Kind.CONTACT:
        return not same_id(member.xero_id, contact.xero_id)
    sent = inner(member.element, "Contact").get("ContactID")
    return member.xero_id is None and not same_id(sent, contact.xero_id)


async def _moved(session: Session, call: Call, contacts: Sequence[Document]) -> list[Document]:
    """Those that were merged, with the id of the contact that they are now."""
    into: dict[str, str] = {}
    for path, params in contacts_by_id([one.xero_id for one in contacts]):
        shown = await ask_soon(
            session, purpose=Purpose.LOOKUP, path=path, params=params, kind=Kind.CONTACT, answered=call
        )
        into |= {str(one.get("ContactID")).lower(): other for one in shown or () if (other := _merged_into(one))}
    return [
        one._replace(xero_id=now, facts={**one.facts, "linked": True})
        for one in contacts
        if (now := into.get(one.xero_id.lower()))
    ]


def _merged_into(element: Mapping[str, Any]) -> str:
    other = str(element.get("MergedToContactID") or "")
    is_other = other != NO_ID and not same_id(other, element.get("ContactID"))
    return other if is_other and element.get("ContactStatus") == "ARCHIVED" else ""
