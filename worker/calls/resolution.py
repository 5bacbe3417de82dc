"""Looking documents up in Xero by our own numbers: after a lost reply, a 500, or an "already there"."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from worker.calls.opening import open_lookup
from worker.calls.sending import send
from worker.calls.settlement import Settlement
from worker.documents.documents import ONE_EACH, Action, DocumentKey, Kind
from worker.ledger.records import CANCELLED_PAID, Call, Document, Member
from worker.session.interruption import pause_for
from worker.session.outcome import settled_keys
from worker.session.session import Session
from worker.xero.lookup import Found, LookupRequest, by_path, lookups, match, one_by_one, suffixed
from worker.xero.replies.reply import ReplyKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLIND_S = 420.0
"""Xero's lists may trail a payment that was just written; and its keys live 6 minutes: look no earlier than 7."""

BLIND_KINDS = frozenset({Kind.PAYMENT, Kind.ALLOCATION})
"""Xero keeps no unique number of these: a look-up too early would send them twice."""

_CLAIMS = 1_000
"""Remembered for the moment in which two look-ups have run and neither's answer is in the ledger yet."""

_PAID_HINT = (
    "xero voids nothing that has payments or credit on it: publish the refund as a credit memo and discard this "
    "event, or remove them in xero and retry"
)
_STANDS = dict.fromkeys((Kind.INVOICE, Kind.CREDIT_NOTE), (CANCELLED_PAID, _PAID_HINT))
_STAYS = ("not_deleted", "delete it in xero, where something stands in the way, then retry")
_NAMES_HINT = (
    "look in xero for contacts whose names end with the customer's id in brackets; rename or archive those, then retry"
)
_NUMBER_HINT = "compare both in Xero; void or rename the other document, then retry, or discard this event"
_CONTACT_HINT = (
    "another contact in xero has this number, perhaps with capitals: if it is the same customer, discard this event; "
    "else give the customer another id in the store"
)
_UNSEEN_HINT = (
    "look for it in xero: if it is there as the store has it, discard this event, else retry; report xero's words"
)


class Unanswered(Exception):
    """Xero did not answer the look-up: the question stays open."""


@dataclass(slots=True)
class Findings:
    """What a look-up says of each member, and its last call, still open, to record the answer with.

    `refused` has Xero's words for members that it refuses to be asked for, which it does at every try: it lists no more
    than 100,000 records.
    """

    found: dict[DocumentKey, Found] = field(default_factory=dict)
    refused: dict[DocumentKey, str] = field(default_factory=dict)
    last: Call | None = None
    status: int | None = None


class Resolution:
    """Asks Xero, and decides by what it has."""

    def __init__(self, *, session: Session, settlement: Settlement) -> None:
        self._s = session
        self._settlement = settlement
        self._claimed: dict[str, DocumentKey] = {}

    async def find(self, kind: Kind, members: Sequence[Member]) -> Findings:
        """Look `members` up, some per call. Raises `Unanswered` when Xero does not answer."""
        findings = Findings()
        await self._ask(kind, lookups(kind, members), findings)
        if kind in ONE_EACH:
            same = [one for one in members if (f := findings.found.get(one.key)) and f.same]
            await self._leave_to_others(kind, [one for one in same if one.action is Action.SAVE], findings)
        return findings

    async def _ask(self, kind: Kind, requests: Sequence[LookupRequest], findings: Findings) -> None:
        asking = deque(requests)
        while asking:
            request = asking.popleft()
            if findings.last is not None:
                await self._settlement.close(findings.last, findings.status)
            call = await open_lookup(self._s, kind=kind, path=request.path, params=request.params)
            reply = await send(self._s, call)
            findings.last, findings.status = call, reply.status
            if reply.outcome is ReplyKind.REFUSED_WHOLE and (others := one_by_one(request)):
                asking.extend(others)
                continue
            if reply.outcome is ReplyKind.REFUSED_WHOLE:
                findings.refused |= {member.key: reply.detail for member in request.members}
                continue
            if reply.outcome not in (ReplyKind.ANSWERED, ReplyKind.NOT_FOUND):
                await self._settlement.close(call, reply.status)
                pause = pause_for(reply)
                raise pause or Unanswered(f"{reply.outcome}: {reply.detail}")
            found = match(kind, request.members, reply.elements)
            findings.found.update({key: one for key, one in found.items() if one is not None})

    async def _leave_to_others(self, kind: Kind, same: Sequence[Member], findings: Findings) -> None:
        """What holds what `same` members sent may be another sale's: two may be numbered alike, and of one sum."""
        if not same:
            return
        known = await self._s.ledger.documents.by_number(self._s.org.name, kind, [one.number for one in same])
        if len(self._claimed) > _CLAIMS:
            self._claimed.clear()
        self._claimed |= {document.xero_id: document.key for document in known.values()}
        for member in same:
            found = findings.found[member.key]
            owner = self._claimed.setdefault(found.xero_id, member.key)
            if owner != member.key:
                told = f"it is that of {owner.entity} {owner.entity_id} of {owner.source}"
                findings.found[member.key] = replace(found, same=False, detail=told)

    async def wait_until_visible(self, call: Call) -> None:
        """Payments and allocations are looked up no earlier than 7 minutes after their last send."""
        if call.kind in BLIND_KINDS:
            # both times are the ledger's: a worker's clock that runs ahead would look too early, and pay twice
            since = (await self._s.ledger.now() - call.sent_at).total_seconds()
            with self._s.sleepers.sleep(member.key for member in call.members):
                # sent later than now was sent by a clock that was ahead: nobody knows when
                await self._s.clock.sleep(max(_BLIND_S - max(since, 0.0), 0.0))

    async def settle_uncertain(self, call: Call, *, attempt: bool) -> None:
        """Record what of `call` is in Xero and free the rest for another call. Raises `Unanswered`."""
        if call.kind is None:
            await self._settlement.close(call, call.status)
            return
        findings = await self.find(call.kind, call.members)
        # before the call ends: what may be in Xero must not be sent again after a crash
        asked = await self._without_refused(call.members, findings)
        written = [m for m in asked if (f := findings.found.get(m.key)) and f.ours and f.same]
        missing = [m for m in asked if m not in written]
        if findings.last is not None:
            await self._settlement.close(findings.last, findings.status)
        await self._settlement.adopt(call, call.status, [self._document(m, findings) for m in written])
        if attempt:
            await self._settlement.failed(missing, "server_error", f"Xero answered {call.status} to call {call.id}")
        else:
            await self._settlement.free(missing)

    async def settle_existing(
        self, kind: Kind, members: Sequence[Member], numbered: Collection[DocumentKey] = ()
    ) -> None:
        """Members whose number, name or code Xero has already: adopt, suffix, link or park. Raises `Unanswered`.

        Of `numbered` Xero says that the number is taken: another name would not help them.
        """
        findings = await self.find(kind, members)
        if kind is Kind.ITEM:
            # refused in whatever case it was sent, it may be listed only in that which it has
            known = findings.found.keys() | findings.refused.keys()
            await self._ask(kind, by_path(kind, [one for one in members if one.key not in known]), findings)
        if findings.last is None:
            raise ValueError(f"no look-up for {kind}: xero keeps no number of ours for it")
        members = await self._without_refused(members, findings)
        adopted = [d for m in members if (d := self._adoptable(m, findings)) is not None]
        rest = [member for member in members if member.key not in settled_keys(adopted)]
        stubs = [self._stub(member, findings) for member in rest if _is_to_be_updated(member, findings)]
        await self._settlement.adopt(findings.last, findings.status, adopted, stubs)
        known = settled_keys(stubs)
        await self._settlement.free([member for member in rest if member.key in known])
        for member in rest:
            if member.key not in known:
                await self._take_apart(member, findings, by_name=member.key not in numbered)

    async def _without_refused(self, members: Sequence[Member], findings: Findings) -> list[Member]:
        """The members that Xero was asked for; a person has to look for the others."""
        for member in members:
            if member.key in findings.refused:
                name = member.number or str(member.kind)
                await self._settlement.park(member, *look_up_refused(name, findings.refused[member.key]))
        return [member for member in members if member.key not in findings.refused]

    def _adoptable(self, member: Member, findings: Findings) -> Document | None:
        found = findings.found.get(member.key)
        if found is None:
            return _gone(member) if member.action is Action.VOID else None
        if found.ours and found.same:
            return self._document(member, findings)
        if member.kind is Kind.ITEM:
            return self._document(member, findings)._replace(facts={**found.facts, "linked": True})
        return None

    async def _take_apart(self, member: Member, findings: Findings, *, by_name: bool) -> None:
        found = findings.found.get(member.key)
        by_name = by_name and member.kind is Kind.CONTACT
        if by_name and self._suffix(member):
            await self._settlement.free([member])
        elif member.action is Action.VOID:
            await self._still_there(member, found)
        elif by_name and (found is None or not found.ours):
            detail = f"xero has other contacts of the names that were tried for {member.number}"
            await self._settlement.park(member, "contact_name_taken", detail, _NAMES_HINT)
        else:
            detail = f"{member.number} is in Xero already" + (f": {found.detail}" if found and found.detail else "")
            hint = _CONTACT_HINT if member.kind is Kind.CONTACT else _NUMBER_HINT
            await self._settlement.park(member, "number_taken", detail, hint)

    async def _still_there(self, member: Member, found: Found | None) -> None:
        """What was to be gone is paid, unless its money went while Xero was asked: then it is sent again.

        It is told by the number that Xero shows: of a sale that was issued anew the newest invoice's.
        """
        name = (found and found.number) or member.number or member.kind
        if found is not None and found.xero_id in self._s.unpaid:
            self._s.unpaid.remove(found.xero_id)
            await self._settlement.free([member])
        elif found is not None and found.unpaid:
            detail = f"xero does not void {name}, and shows nothing that is paid on it"
            await self._settlement.failed([member], "not_deleted", detail)
        else:
            detail = f"{name} is in xero still" + (f": {found.detail}" if found else "")
            reason, hint = _STANDS.get(member.kind, _STAYS)
            await self._settlement.park(member, reason, detail, hint)

    def _stub(self, member: Member, findings: Findings) -> Document:
        return self._document(member, findings)._replace(version=_EPOCH, content_hash="")

    def _suffix(self, member: Member) -> bool:
        if name := member.element.get("Name"):
            self._s.namesakes.refused(member.key, name)
        slot = self._s.buffer.slot(member.key)
        if slot is None:
            return True
        payload = suffixed(slot.write.payload, member.number)
        changed = payload != slot.write.payload
        self._s.buffer.replace(slot.write._replace(content=slot.write.content.with_payload(payload)))
        return changed

    def _document(self, member: Member, findings: Findings) -> Document:
        return adopted(member, findings.found[member.key])


def adopted(member: Member, found: Found) -> Document:
    """The document of `member` as Xero has it already."""
    return Document(
        key=member.key,
        kind=member.kind,
        xero_id=found.xero_id,
        number=member.number,
        version=member.version,
        content_hash=member.content_hash,
        facts=found.facts,
    )


def look_up_refused(name: str, said: str) -> tuple[str, str, str]:
    """Reason, detail and hint for a document that Xero refuses to be asked for."""
    return "look_up_refused", f"xero refuses to say what it has of {name}: {said}", _UNSEEN_HINT


def _is_to_be_updated(member: Member, findings: Findings) -> bool:
    """A contact of ours with other content; a draft to be thrown away that a person has approved, to be voided now.

    Or an allocation to be taken back whose id was not known until now. Not a contact whose update by id was refused:
    its name is another's, by Xero's comparison, which is wider than ours.
    """
    found = findings.found.get(member.key)
    if found is None or not found.ours:
        return False
    if member.kind is Kind.ALLOCATION:
        return member.action is Action.VOID and not member.xero_id and bool(found.xero_id)
    if member.action is Action.VOID and member.kind in _STANDS:
        return member.element.get("Status") == "DELETED" and found.facts.get("status") == "AUTHORISED"
    return member.kind is Kind.CONTACT and member.xero_id is None


def _gone(member: Member) -> Document:
    """What was to be gone and is not there."""
    return Document(
        key=member.key,
        kind=member.kind,
        xero_id=member.xero_id or "",
        number=member.number,
        version=member.version,
        content_hash=member.content_hash,
        facts={"status": "DELETED"},
    )
