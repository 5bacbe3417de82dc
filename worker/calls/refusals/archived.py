"""Contacts that a person archived: Xero takes no document for them, and nobody restores one over the API.

With `archived_contact = "new"` another contact takes the place, under the next number: `webshop:7~2`.
"""

from __future__ import annotations

from dataclasses import replace

from worker.documents.documents import DocumentKey, Kind
from worker.ledger.records import Member
from worker.mapping.keys import contact_number
from worker.session.outcome import Results
from worker.session.session import Session
from worker.xero.messages import CONTACT_ARCHIVED

_LAST = 9
"""So many contacts of one customer are enough: a person has to look."""


async def replace_archived(session: Session, results: Results) -> Results:
    """The results, with the refusals that another contact undoes taken care of.

    A new contact whose number is an archived one's is freed under the next number. A document or a change that was
    refused is to be mapped once more, its contact forgotten. Raises what the ledger raises.
    """
    archived = [member for member, refused in results.refused if refused.reason == CONTACT_ARCHIVED]
    if not archived or session.org.archived_contact == "park":
        return results
    freed = [member for member in archived if _is_new(member) and _renumber(session, member)]
    forgotten = {member.key: keys for member in archived if (keys := contacts_of(session, member))}
    contacts = {key for keys in forgotten.values() for key in keys}
    await session.ledger.documents.forget(session.lease, contacts)
    session.buffer.unsettle(contacts)
    refused = [
        (member, replace(one, again=one.again or (one.reason == CONTACT_ARCHIVED and member.key in forgotten)))
        for member, one in results.refused
        if member not in freed
    ]
    return replace(results, refused=refused, freed=[*results.freed, *freed])


def contacts_of(session: Session, member: Member) -> set[DocumentKey]:
    """The contacts in the ledger that a refusal of `member` may be about; a new one is not there yet."""
    if member.kind is Kind.CONTACT:
        return set() if _is_new(member) else {member.key}
    slot = session.buffer.slot(member.key)
    return set() if slot is None else {key for key in slot.write.needs if key.part == "contact"}


def _is_new(member: Member) -> bool:
    return member.kind is Kind.CONTACT and member.xero_id is None


def _renumber(session: Session, member: Member) -> bool:
    slot = session.buffer.slot(member.key)
    if slot is None:
        return True
    first, number = contact_number(member.key.source, member.key.entity_id), slot.write.number
    # the id itself may end like that
    count = 1 if number == first else int(number.rpartition("~")[2])
    if count >= _LAST:
        return False
    number = f"{first[:48]}~{count + 1}"
    payload = {**slot.write.payload, "ContactNumber": number}
    session.buffer.replace(slot.write._replace(number=number, content=slot.write.content.with_payload(payload)))
    return True
