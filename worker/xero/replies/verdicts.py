"""What Xero's reply says of each document of a call. Pure.

Documents are matched by number or id, never by their place in the list, whose order Xero does not promise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from msgspec import Struct

from worker.documents.documents import ALLOCATION, CONTACT, CREDIT_NOTE, INVOICE, VOID, DocumentKey
from worker.ledger.records import Call, Member
from worker.xero.changes.chosen import facts_after
from worker.xero.elements import digests_of
from worker.xero.endpoints import ENDPOINTS, id_of, inner, number_of, same_id
from worker.xero.facts import Unreadable, money, target_of
from worker.xero.messages import DOCUMENT_FROZEN, PERIOD_LOCKED, STANDS_LOCKED_HINT, classify
from worker.xero.replies.reply import Reply, ReplyKind
from worker.xero.sameness import sums_unequal, totals_of

_BAD_REQUEST = 400
_MAY_BE_GONE = frozenset({DOCUMENT_FROZEN, "not_found", "refused"})


class Written(Struct, frozen=True):
    """The document is in Xero as it was sent (or void, where that was asked).

    `differs` has Xero's sums and ours, where Xero has come to others.
    """

    xero_id: str
    number: str
    facts: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Exists:
    """Our number, name or code is taken, as `reason` says: look it up."""

    messages: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Xero does not take this document. `messages` are Xero's words and may name people.

    `again`: what refused it is known now, and its event is to be mapped once more.
    """

    reason: str
    hint: str
    messages: tuple[str, ...]
    pauses_kind: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The reply does not say: look it up."""


Verdict = Written | Exists | Refused | Unanswered


def verdicts(call: Call, reply: Reply) -> dict[DocumentKey, Verdict]:
    """One verdict per member of `call`.

    A refusal of the whole call is a verdict only where it leaves no doubt: for a single document, and for what hits
    every document alike (an invoice limit, a lock date).
    """
    if reply.outcome is ReplyKind.REFUSED_WHOLE:
        return {member.key: _of_whole(member, call, reply) for member in call.members}
    if reply.outcome is not ReplyKind.ANSWERED:
        return {member.key: Unanswered() for member in call.members}
    try:
        pairs = pair(call.members, reply.elements)
    except Unreadable:
        pairs = {}
    return {member.key: _readable_verdict(member, pairs.get(member.key), reply) for member in call.members}


def pair(members: Sequence[Member], elements: Sequence[Mapping[str, Any]]) -> dict[DocumentKey, Mapping[str, Any]]:
    """Which element answers which member. Each element answers one; members without one are left out."""
    left = dict(enumerate(elements))
    places = _places(members, elements)
    pairs: dict[DocumentKey, Mapping[str, Any]] = {}
    for member in members:
        place = places.get(member.number.strip()) if member.xero_id is None else None
        if place not in left:
            place = next((place for place, element in left.items() if _is_of(member, element)), None)
        if place is not None:
            pairs[member.key] = left.pop(place)
    if len(members) == len(left) == 1 and not pairs and _is_unnamed_answer(members[0], *left.values()):
        pairs[members[0].key] = left.popitem()[1]
    return pairs


def messages_of(element: Any, name: str = "ValidationErrors") -> Iterator[str]:
    """Every message of an element, those of its lines and inner documents too."""
    left = [element]
    while left:  # not by calling itself: a reply may be nested deeper than calls may be
        one = left.pop()
        if type(one) is dict:
            yield from (text for entry in _listed(one, name) if (text := _text(entry)))
            left.extend(reversed([value for field_name, value in one.items() if field_name != name]))
        elif type(one) is list:
            left.extend(reversed(one))


def _listed(element: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = element.get(name)
    return value if type(value) is list else ()


def _text(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return str(entry)
    # samples of the documentation spell it either way
    return str(entry.get("Message") or entry.get("Description") or "")


def _places(members: Sequence[Member], elements: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Where each number comes first: what is new is found by its number alone, and a reply's order is anybody's."""
    name = ENDPOINTS[members[0].kind].number if members else ""
    numbers = [str(element.get(name) or "").strip() for element in elements]
    places = dict(zip(reversed(numbers), range(len(numbers) - 1, -1, -1), strict=True))
    places.pop("", None)
    return places


def _is_of(member: Member, element: Mapping[str, Any]) -> bool:
    if member.xero_id and same_id(member.xero_id, element.get(ENDPOINTS[member.kind].id)):
        return True
    if member.kind is not ALLOCATION:
        number = number_of(member.kind, element)
        return bool(number) and number == member.number.strip()
    invoice = inner(member.element, "Invoice").get("InvoiceID")
    if not same_id(invoice, inner(element, "Invoice").get("InvoiceID")):
        return False
    return money(member.element.get("Amount")) == money(element.get("Amount"))


def _is_unnamed_answer(member: Member, element: Mapping[str, Any]) -> bool:
    """Whether the only element of a call of one document says something without repeating the number."""
    if number_of(member.kind, element):
        return False
    created = member.xero_id is None and id_of(member.kind, element) is not None
    return created or _is_error(element)


def _is_error(element: Mapping[str, Any]) -> bool:
    return element.get("StatusAttributeString") == "ERROR" or any(True for _ in messages_of(element))


def _readable_verdict(member: Member, element: Mapping[str, Any] | None, reply: Reply) -> Verdict:
    try:
        return _verdict(member, element, reply)
    except Unreadable:
        return Unanswered()


def _verdict(member: Member, element: Mapping[str, Any] | None, reply: Reply) -> Verdict:
    if element is None:
        return Unanswered()
    if _is_error(element) if reply.has_messages else element.get("StatusAttributeString") == "ERROR":
        return _of_member(member, _refusal(tuple(dict.fromkeys(messages_of(element)))))
    xero_id = member.xero_id or id_of(member.kind, element)
    if member.kind is ALLOCATION:
        # Xero gave allocations no id for years, and may still leave it out
        xero_id = xero_id or ""
    if xero_id is None or reply.status == _BAD_REQUEST:
        return Unanswered()
    warnings = tuple(dict.fromkeys(messages_of(element, "Warnings"))) if reply.has_messages else ()
    number = number_of(member.kind, element) or member.number
    return Written(xero_id, number, _facts(member, element), warnings, _difference(member, element))


def _difference(member: Member, element: Mapping[str, Any]) -> str:
    kind = member.kind
    if (kind is not INVOICE and kind is not CREDIT_NOTE) or member.action is VOID:
        return ""
    shown = (element.get("Total"), element.get("TotalTax"))
    if shown == member.sums:
        return ""
    sums = member.sums or _sums_of(member.element)
    return "; ".join(sums_unequal(sums, element))


def _sums_of(sent: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    return totals_of(sent) if sent.get("LineItems") else (None, None)


def _facts(member: Member, element: Mapping[str, Any]) -> dict[str, Any]:
    facts = facts_after(member, element)
    if member.kind is ALLOCATION:
        facts["credit_note_id"] = inner(member.element, "CreditNote").get("CreditNoteID")
        facts["target_id"] = target_of(member.element)
        facts["status"] = "DELETED" if member.action is VOID else "AUTHORISED"
    elif member.kind is CONTACT:
        facts["digests"] = digests_of(member.element)
    return facts


def _of_whole(member: Member, call: Call, reply: Reply) -> Verdict:
    verdict = _refusal((reply.detail,) if reply.detail else ())
    alike = isinstance(verdict, Refused) and verdict.pauses_kind
    return _of_member(member, verdict) if alike or len(call.members) == 1 else Unanswered()


def _of_member(member: Member, verdict: Exists | Refused) -> Exists | Refused:
    """What is to be gone and cannot be changed may be gone already: only a look tells. What is there is not new."""
    if isinstance(verdict, Exists):
        return verdict
    if member.action is VOID and verdict.reason in _MAY_BE_GONE:
        return Exists(verdict.messages, verdict.reason)
    if member.xero_id is not None and verdict.reason == PERIOD_LOCKED:
        return replace(verdict, hint=STANDS_LOCKED_HINT)
    return verdict


def _refusal(messages: tuple[str, ...]) -> Exists | Refused:
    meaning = classify(messages)
    if meaning.exists:
        return Exists(messages, meaning.reason)
    return Refused(meaning.reason, meaning.hint, messages, meaning.pauses_kind)
