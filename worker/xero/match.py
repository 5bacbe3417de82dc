"""Whether a document that Xero has is ours, and holds what we sent. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.documents.documents import Action, DocumentKey, Kind
from worker.ledger.records import Member
from worker.xero.changes.chosen import facts_found
from worker.xero.endpoints import ENDPOINTS, GONE, id_of, inner, number_of, same_id
from worker.xero.facts import facts_of, is_unpaid, money, target_of
from worker.xero.sameness import differences


@dataclass(frozen=True, slots=True)
class Found:
    """A document of Xero that answers to a member.

    `ours`: our unique number is on it, and nobody else's document stands in its way. `same`: it holds what was sent, or
    is void where that was asked; `detail` says what differs. Of what was to be void, `unpaid` says that nothing stands
    in the way of that, and `number` is the one that Xero shows.
    """

    xero_id: str
    ours: bool
    same: bool
    facts: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    unpaid: bool = False
    number: str = ""


def match(
    kind: Kind, members: Sequence[Member], elements: Sequence[Mapping[str, Any]]
) -> dict[DocumentKey, Found | None]:
    """What of `members` the look-up's `elements` show. Each allocation or payment answers one member only."""
    if kind is Kind.ALLOCATION:
        return _allocations(members, elements)
    left = list(elements)
    found: dict[DocumentKey, Found | None] = {}
    for member in members:
        element = _best(member, left)
        if element is not None and kind is Kind.PAYMENT:
            left.remove(element)
        found[member.key] = None if element is None else _found(member, element, elements)
    return found


def _best(member: Member, elements: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The candidate to judge by: ours before another's, one that counts before one that is void, the same one first."""
    candidates = [element for element in elements if _is_candidate(member, element)]
    return min(candidates, key=lambda element: _rank(member, element), default=None)


def _rank(member: Member, element: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    return (not _is_ours(member, element), element.get("Status") in GONE, bool(differences(member, element)))


def _is_candidate(member: Member, element: Mapping[str, Any]) -> bool:
    if id_of(member.kind, element) is None:
        return False
    if member.kind is Kind.CONTACT:
        return _is_ours(member, element) or _has_name_of(member, element)
    if member.kind is Kind.PAYMENT and member.action is not Action.VOID and element.get("Status") in GONE:
        return False
    # a bill may carry the number of a sale
    theirs, our_type = element.get("Type"), member.element.get("Type")
    return _is_ours(member, element) and (theirs is None or our_type is None or theirs == our_type)


def _is_ours(member: Member, element: Mapping[str, Any]) -> bool:
    if member.xero_id and same_id(member.xero_id, element.get(ENDPOINTS[member.kind].id)):
        return True
    theirs, number = number_of(member.kind, element), member.number.strip()
    # some stores tell ids apart by case; of items Xero's own comparison counts, for lines only name them
    return theirs == number or (member.kind is Kind.ITEM and theirs.lower() == number.lower())


def _has_name_of(member: Member, element: Mapping[str, Any]) -> bool:
    name = str(element.get("Name") or "").strip().lower()
    return bool(name) and name == str(member.element.get("Name") or "").strip().lower()


def _found(member: Member, element: Mapping[str, Any], elements: Sequence[Mapping[str, Any]]) -> Found:
    wrong = differences(member, element)
    ours = _is_ours(member, element)
    if member.kind is Kind.ITEM:
        # the code is the store's, but a person may have used it first: only equal content tells
        ours = not wrong
    elif member.kind is Kind.CONTACT and member.xero_id is not None:
        # an update that its name stands against: the name is another contact's
        ours = ours and not any(_has_name_of(member, e) and not _is_ours(member, e) for e in elements)
    facts, unpaid, number = facts_found(member, element), False, ""
    if member.action is Action.VOID and member.kind is not Kind.PAYMENT:
        unpaid, number = is_unpaid(member.kind, element), number_of(member.kind, element)
    return Found(str(id_of(member.kind, element)), ours, not wrong, facts, "; ".join(wrong), unpaid, number)


def _allocations(members: Sequence[Member], notes: Sequence[Mapping[str, Any]]) -> dict[DocumentKey, Found | None]:
    left = list(_standing(notes))
    found: dict[DocumentKey, Found | None] = {}
    for member in members:
        if member.action is Action.VOID:
            found[member.key] = _found_deleted(member, left)
            continue
        hit = next((entry for entry in left if _is_allocation_of(member, *entry)), None)
        found[member.key] = None if hit is None else _found_allocation(member, *hit)
        if hit is not None:
            left.remove(hit)
    return found


def _found_deleted(member: Member, standing: Sequence[tuple[str, Mapping[str, Any]]]) -> Found:
    note = inner(member.element, "CreditNote").get("CreditNoteID")
    if member.xero_id:
        left = [one for _, one in standing if same_id(member.xero_id, one.get("AllocationID"))]
    else:
        # Xero named none when it was made: what stands on its credit note is it
        left = [one for of_note, one in standing if same_id(note, of_note)]
    named = (id_of(Kind.ALLOCATION, left[0]) if len(left) == 1 else None) or member.xero_id or ""
    # what is kept of it has to say that it is gone, and of which credit note it was: later versions ask for both
    facts = {"credit_note_id": note, "target_id": target_of(member.element)}
    facts["status"] = "AUTHORISED" if left else "DELETED"
    return Found(named, ours=True, same=not left, facts=facts)


def _standing(notes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for note in notes:
        for allocation in note.get("Allocations") or ():
            if not allocation.get("IsDeleted"):
                yield str(note.get("CreditNoteID")), allocation


def _is_allocation_of(member: Member, note: str, allocation: Mapping[str, Any]) -> bool:
    return (
        same_id(inner(member.element, "CreditNote").get("CreditNoteID"), note)
        and same_id(inner(member.element, "Invoice").get("InvoiceID"), inner(allocation, "Invoice").get("InvoiceID"))
        and money(member.element.get("Amount")) == money(allocation.get("Amount"))
    )


def _found_allocation(member: Member, note: str, allocation: Mapping[str, Any]) -> Found:
    named = {"credit_note_id": note, "target_id": target_of(member.element)}
    facts = {**facts_of(Kind.ALLOCATION, allocation), **named, "status": "AUTHORISED"}
    return Found(id_of(Kind.ALLOCATION, allocation) or "", ours=True, same=True, facts=facts)
