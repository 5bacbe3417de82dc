"""From what the store wants and what Xero has to a row of the ledger. Pure.

What a row says of the content decides what the next event of the entity does. The hash of the store's content where
Xero holds it, so that nothing is sent again; the same where a person voided or deleted it, so that nothing is made anew
behind their back; none where Xero holds something else, so that the store's next event updates it by its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from worker.documents.documents import Action, Kind, Write
from worker.documents.literals import decode, encode
from worker.ledger.records import Document, Known, Member
from worker.mapping.locks import on_day, was_moved
from worker.rebuild.index import Begun, Candidate
from worker.xero.changes.chosen import with_due_date
from worker.xero.changes.reissue import BEGUN, parts
from worker.xero.elements import digests_of, named, text_of
from worker.xero.endpoints import id_of, number_of
from worker.xero.facts import changed_at, date_of, facts_of, target_of
from worker.xero.match import match
from worker.xero.paying import on_last_invoice
from worker.xero.sameness import differences, lines_said

Element = Mapping[str, Any]
UNKNOWN = ""
"""The hash of a document whose content is not the store's."""


def restored(write: Write, candidates: Sequence[Candidate], known: Known) -> Document | None:
    """The row of `write`'s document, of those that carry its number; None where Xero has none.

    Of several the one that counts is taken, and of those the one that holds what the store has; of a sale that was
    issued anew the last, for the others are credited. An allocation's candidates are its credit note.
    """
    if write.kind is Kind.ALLOCATION:
        return _allocation(write, [one.element for one in candidates], known)
    found = [
        (not one.is_standing, -_issue(write, one.element), not _holds(write, one, known), place)
        for place, one in enumerate(candidates)
    ]
    if not found:
        return None
    gone, _, other, place = min(found)
    return _row(write, candidates[place], known_content=gone or not other)


def as_begun(write: Write, begun: Begun, known: Known) -> list[Document]:
    """The rows of a sale whose re-issue was stopped in the middle: whatever its next version says goes on with it."""
    place = parts(number_of(Kind.CREDIT_NOTE, begun.credit_note.element))[1]
    credited = write._replace(key=write.key._replace(part=f"credit_note~{place}"), kind=Kind.CREDIT_NOTE)
    rows = [
        _row(write, begun.old, known_content=False)._replace(content_hash=BEGUN),
        _row(credited, begun.credit_note, known_content=False),
    ]
    if begun.new is None:
        return rows
    anew = write._replace(key=write.key._replace(part=f"invoice~{place + 1}"))
    return [*rows, _row(anew, begun.new, known_content=_holds(write, begun.new, known))]


def _issue(write: Write, element: Element) -> int:
    return parts(number_of(write.kind, element))[1] if write.kind is Kind.INVOICE else 0


def _holds(write: Write, found: Candidate, known: Known) -> bool:
    """Whether Xero holds what the store has: as the worker's own look-ups judge it, and in its lines too."""
    if write.action is Action.VOID or write.only_if_absent:
        return write.only_if_absent
    if any(key not in known.documents for key in write.needs):
        return False
    element = found.element
    there = _on_its_day(write, element)
    member = _member(there, known)
    if write.kind is not Kind.CONTACT:
        return not differences(member, on_last_invoice(write, element, known)) and not _has_new_lines(there, found)
    # archiving is a person's, and a name that was taken has a suffix
    renamed = member._replace(text=encode(_as_named(write, element)))
    return not differences(renamed, {**element, "ContactStatus": "ACTIVE"})


def _as_named(write: Write, contact: Element) -> dict[str, Any]:
    return named(decode(write.content.filled({}, ())), write.number, str(contact.get("Name") or "").strip())


def _has_new_lines(write: Write, found: Candidate) -> bool:
    """Whether the store has edited the lines since Xero's were written: the sums may be the same.

    Lines that Xero has changed after the store's version are a person's: they stay until the store's next edit.
    """
    left = found.facts.get("lines")
    if left is None or left == lines_said(write.kind, write.payload):
        return False
    changed = changed_at(found.element)
    return changed is None or changed < write.version


def _on_its_day(write: Write, element: Element) -> Write:
    """As it was sent where its own day was locked then; whether it still is, is not asked."""
    day, there = str(write.payload.get("Date")), date_of(element) or ""
    if day == there or not was_moved(write.kind, element, day, there):
        return write
    return write._replace(content=write.content.with_payload(on_day(write.kind, write.payload, day, there)))


def _row(write: Write, found: Candidate, *, known_content: bool) -> Document:
    element = found.element
    facts = with_due_date(found.facts, _on_its_day(write, element).payload)
    if write.kind is Kind.ITEM and not known_content:
        facts["linked"] = True  # perhaps a person's: as with an item whose code is taken, it is left alone
    gone_or_held = known_content and not write.only_if_absent
    if write.kind is Kind.CONTACT and gone_or_held and write.action is Action.SAVE:
        facts["digests"] = digests_of(_as_named(write, element))
    return Document(
        key=write.key,
        kind=write.kind,
        xero_id=str(id_of(write.kind, element)),
        number=number_of(write.kind, element) or write.number,
        version=write.version,
        content_hash=write.content_hash if gone_or_held else UNKNOWN,
        facts=facts,
    )


def _allocation(write: Write, notes: Sequence[Element], known: Known) -> Document | None:
    if write.action is Action.VOID:
        return next((_to_be_taken_back(write, note, one) for note, one in _allocations(notes)), None)
    if any(key not in known.documents for key in write.needs):
        return None
    found = match(Kind.ALLOCATION, [_member(write, known)], notes)[write.key]
    return None if found is None else _allocation_row(write, found.xero_id, found.facts, write.content_hash)


def _allocations(notes: Sequence[Element]) -> Iterator[tuple[Element, Element]]:
    return ((note, one) for note in notes for one in note.get("Allocations") or () if not one.get("IsDeleted"))


def _to_be_taken_back(write: Write, note: Element, allocation: Element) -> Document:
    facts = facts_of(Kind.ALLOCATION, allocation)
    named = {"credit_note_id": note.get("CreditNoteID"), "target_id": target_of(allocation)}
    facts |= {**named, "status": "AUTHORISED"}
    return _allocation_row(write, id_of(Kind.ALLOCATION, allocation) or "", facts, UNKNOWN)


def _allocation_row(write: Write, xero_id: str, facts: Mapping[str, Any], content_hash: str) -> Document:
    return Document(write.key, write.kind, xero_id, write.number, write.version, content_hash, facts)


def _member(write: Write, known: Known) -> Member:
    return Member(
        key=write.key,
        kind=write.kind,
        version=write.version,
        number=write.number,
        content_hash=write.content_hash,
        action=write.action,
        text=text_of(write, known),
    )
