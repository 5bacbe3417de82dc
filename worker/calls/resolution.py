"""What becomes of documents that Xero may have already: after a lost reply, a 500, or an "already there"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from worker.calls.finding import Finder, Findings
from worker.calls.settlement import Settlement
from worker.documents.documents import Action, DocumentKey, Kind
from worker.ledger.records import CANCELLED_PAID, Call, Document, Member
from worker.session.outcome import settled_keys
from worker.session.session import Session
from worker.xero.lookup import Found, suffixed
from worker.xero.messages import DOCUMENT_FROZEN, NUMBER_TAKEN

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLIND_S = 420.0
"""Xero's lists may trail a payment that was just written; and its keys live 6 minutes: look no earlier than 7."""

BLIND_KINDS = frozenset({Kind.PAYMENT, Kind.ALLOCATION})
"""Xero keeps no unique number of these: a look-up too early would send them twice."""

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


class Resolution:
    """Has Xero asked, and decides by what it has."""

    def __init__(self, *, session: Session, settlement: Settlement) -> None:
        self._s = session
        self._settlement = settlement
        self._finder = Finder(session=session, settlement=settlement)

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
        findings = await self._finder.find(call.kind, call.members)
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

    async def settle_existing(self, kind: Kind, members: Sequence[Member], why: Mapping[DocumentKey, str]) -> None:
        """Members whose number, name or code Xero has already: adopt, suffix, link or park. Raises `Unanswered`.

        `why` has the reason for which Xero refused them: where the number is taken, another name would not help.
        """
        findings = await self._finder.find(kind, members)
        if kind is Kind.ITEM:
            await self._finder.look_closer(kind, members, findings)
        if findings.last is None:
            raise ValueError(f"no look-up for {kind}: xero keeps no number of ours for it")
        members = await self._without_refused(members, findings)
        adopted = [d for m in members if (d := self._adoptable(m, findings, why)) is not None]
        rest = [member for member in members if member.key not in settled_keys(adopted)]
        stubs = [self._stub(member, findings) for member in rest if _is_to_be_updated(member, findings)]
        await self._settlement.adopt(findings.last, findings.status, adopted, stubs)
        known = settled_keys(stubs)
        await self._settlement.free([member for member in rest if member.key in known])
        for member in rest:
            if member.key not in known:
                await self._take_apart(member, findings, by_name=why.get(member.key) != NUMBER_TAKEN)

    async def _without_refused(self, members: Sequence[Member], findings: Findings) -> list[Member]:
        """The members that Xero was asked for; a person has to look for the others."""
        for member in members:
            if member.key in findings.refused:
                name = member.number or str(member.kind)
                await self._settlement.park(member, *look_up_refused(name, findings.refused[member.key]))
        return [member for member in members if member.key not in findings.refused]

    def _adoptable(self, member: Member, findings: Findings, why: Mapping[DocumentKey, str]) -> Document | None:
        found = findings.found.get(member.key)
        if found is None:
            # a sale that Xero has just called paid, and does not show, is not gone: its lists may trail
            is_there = member.kind in _STANDS and why.get(member.key) == DOCUMENT_FROZEN
            return _gone(member) if member.action is Action.VOID and not is_there else None
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
        elif found is None or found.unpaid:
            shown = "shows nothing that is paid on it" if found else "does not show it"
            detail = f"xero does not void {name}, and {shown}"
            await self._settlement.failed([member], "not_deleted", detail)
        else:
            detail = f"{name} is in xero still: {found.detail}"
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
