"""Looking documents up in Xero by our own numbers and its ids: what of a call is there, and whose it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from worker.calls.opening import open_lookup
from worker.calls.sending import send
from worker.calls.settlement import Settlement
from worker.documents.documents import ONE_EACH, Action, DocumentKey, Kind
from worker.ledger.records import Call, Member
from worker.session.interruption import pause_for
from worker.session.session import Session
from worker.xero.lookup import Found, LookupRequest, by_path, lookups, match, one_by_one
from worker.xero.replies.reply import ReplyKind

_CLAIMS = 1_000
"""Remembered for the moment in which two look-ups have run and neither's answer is in the ledger yet."""


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


class Finder:
    """Asks for one session. Each call is closed before the next is opened; the last stays open, as `Findings` says."""

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

    async def look_closer(self, kind: Kind, members: Sequence[Member], findings: Findings) -> None:
        """Ask for those by themselves that no list shows. Raises as `find`.

        Refused in whatever case its code was sent, an item may be listed only in that which it has.
        """
        known = findings.found.keys() | findings.refused.keys()
        await self._ask(kind, by_path(kind, [one for one in members if one.key not in known]), findings)

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
