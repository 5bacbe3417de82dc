"""Documents that Xero is asked about before they are written: those that change, and sales from before a cut-over.

And, where paid sales are or were issued anew, payments and credit that are to be deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from schemas.envelope import Lane
from worker.backoff import delay_s
from worker.budget.decision import Wait
from worker.calls.opening import open_read, open_write_when_allowed
from worker.calls.performer import Performer
from worker.calls.reissuing import Reissuing, Seen
from worker.calls.resolution import BLIND_KINDS, look_up_refused
from worker.calls.sending import send
from worker.calls.settlement import Settlement
from worker.calls.takebacks import Takebacks
from worker.documents.documents import VOID, DocumentKey, Kind, Write
from worker.ledger.records import Document, Purpose
from worker.session.interruption import out_of_calls, pause_for
from worker.session.session import Session
from worker.xero.changes.cut_over import Search, earlier
from worker.xero.changes.revision import Clash, as_agreed
from worker.xero.endpoints import ENDPOINTS, inner, number_of, same_id
from worker.xero.looks import Reading, apart, earlier_sales, readings_of
from worker.xero.replies.reply import ReplyKind

_AGAIN_S = 15.0
_AGAIN_CAP_S = 900.0
_LEAST_S = 0.05
_PAYING_S = 1.0
_STAND = "booked before their account was another in the configuration, or their method in the store: left as they are"


class Revising:
    """One look for as many documents as a query takes, then one call that changes them."""

    def __init__(self, *, session: Session, settlement: Settlement, performer: Performer) -> None:
        self._s = session
        self._settlement = settlement
        self._performer = performer
        self._in_vain = 0
        self._stores: set[str] = set()
        self._log = structlog.get_logger("xerelay")
        self._reissuing = Reissuing(session=session, settlement=settlement, performer=performer, look=self._look)
        self._takebacks = Takebacks(session=session, settlement=settlement, look=self._look)

    async def run(self, kind: Kind, lane: Lane, writes: Sequence[Write]) -> None:
        """Settle `writes`, whose slots are in flight. `lane` pays for the look. Raises as `Performer.perform`."""
        known = await self._s.ledger.documents.get([write.key for write in writes])
        takebacks = [write for write in writes if write.action is VOID]
        changes = await self._at_rest([w for w in writes if w.key in known and w not in takebacks], known)
        creations = [write for write in writes if write.key not in known]
        try:
            for write in await self._takebacks.cleared(kind, lane, takebacks, known) if takebacks else ():
                await self._write(kind, lane, [write], {})
            for reading in readings_of(kind, changes, known):
                await self._change(kind, lane, reading, known)
            for reading in earlier_sales(kind, creations):
                await self._create(kind, lane, reading)
        finally:
            for write in writes:
                self._s.readings.elements.pop(write.key, None)

    async def _at_rest(self, changes: Sequence[Write], known: Mapping[Any, Document]) -> Sequence[Write]:
        """Those that no money is under way to: a re-issue goes by what was paid. The others are looked at later."""
        if self._s.org.edited_paid != "reissue":
            return changes
        calls = [call for call in await self._s.ledger.calls.unsettled(self._s.org.name) if call.kind in BLIND_KINDS]
        paid = [inner(member.element, "Invoice").get("InvoiceID") for call in calls for member in call.members]
        early = [write for write in changes if any(same_id(known[write.key].xero_id, one) for one in paid)]
        if early:
            await self._settlement.free(early, not_before=self._s.clock.monotonic() + _PAYING_S)
        return [write for write in changes if write not in early]

    async def _change(self, kind: Kind, lane: Lane, reading: Reading, known: Mapping[Any, Document]) -> None:
        seen = await self._look(kind, lane, reading)
        if seen is None:
            return
        call, status, elements = seen
        await self._settlement.close(call, status)
        for write in reading.writes:
            xero_id = known[write.key].xero_id
            hits = (element for element in elements if same_id(xero_id, element.get(ENDPOINTS[kind].id)))
            self._s.readings.elements[write.key] = next(hits, None)
        await self._write(kind, lane, reading.writes, known)

    async def _create(self, kind: Kind, lane: Lane, reading: Reading) -> None:
        seen = await self._look(kind, lane, reading)
        policy = self._s.org.cut_over.policy
        if seen is None or policy == "ignore":
            return
        call, status, elements = seen
        search = Search(policy, await self._is_alone(reading.writes), self._s.org.rounding_limit, self._s.time.now())
        taken = await self._taken(kind, elements)
        found: list[Document] = []
        clashes: list[tuple[Write, Clash]] = []
        for write in reading.writes:
            others = taken | {one.xero_id for one in found}
            verdict = earlier(write, elements, search, taken=others)
            if isinstance(verdict, Document):
                found.append(verdict)
            elif isinstance(verdict, Clash):
                clashes.append((write, verdict))
            else:
                self._s.readings.elements[write.key] = None
        await self._settlement.adopt(call, status, found)
        for write, clash in clashes:
            await self._settlement.park(write, clash.reason, clash.detail, clash.hint)
        await self._write(kind, lane, [write for write in reading.writes if write.key in self._s.readings.elements], {})

    async def _is_alone(self, writes: Sequence[Write]) -> bool:
        """Whether the organisation has one store by the configuration, and nothing of another was ever seen."""
        if not self._stores:
            self._stores |= {*self._s.stores, *await self._s.ledger.histories.sources([self._s.org.name])}
        self._stores |= {write.key.source for write in writes}
        return self._stores == self._s.stores and len(self._stores) == 1

    async def _taken(self, kind: Kind, elements: Sequence[Mapping[str, Any]]) -> frozenset[str]:
        """The ids of those that are documents of ours already, such as another part of the same order."""
        numbers = {number_of(kind, element) for element in elements}
        known = await self._s.ledger.documents.by_number(self._s.org.name, kind, numbers)
        return frozenset(document.xero_id for document in known.values())

    async def _look(self, kind: Kind, lane: Lane, reading: Reading) -> Seen | None:
        """The call, still open, and what Xero shows; `None`: it did not say, and the writes are tried again later.

        Where it refuses to be asked, it would at every try: they are looked at one by one, or else parked.
        """
        opened = await open_read(
            self._s, purpose=Purpose.LOOKUP, lane=lane, path=reading.path, params=reading.params, kind=kind
        )
        if isinstance(opened, Wait):
            await self._later(reading, lane, opened)
            return None
        reply = await send(self._s, opened)
        if reply.outcome in (ReplyKind.ANSWERED, ReplyKind.NOT_FOUND):
            self._in_vain = 0
            return opened, reply.status, reply.elements
        await self._settlement.close(opened, reply.status)
        pause = pause_for(reply)
        if pause is not None:
            raise pause
        if reply.outcome is ReplyKind.REFUSED_WHOLE:
            return await self._look_apart(kind, lane, reading, reply.detail)
        self._in_vain += 1
        wait_s = delay_s(self._in_vain, base_s=_AGAIN_S, cap_s=_AGAIN_CAP_S, jitter=1.0)
        await self._free(reading, wait_s)
        return None

    async def _look_apart(self, kind: Kind, lane: Lane, reading: Reading, refusal: str) -> Seen | None:
        known = await self._s.ledger.documents.get([write.key for write in reading.writes])
        readings = apart(kind, reading, known)
        if len(readings) == 1:
            return await self._look(kind, lane, readings[0])
        for one in readings:
            await self._change(kind, lane, one, known)
        for write in () if readings else reading.writes:
            await self._settlement.park(write, *look_up_refused(write.number, refusal))
        return None

    async def _later(self, reading: Reading, lane: Lane, wait: Wait) -> None:
        pause = out_of_calls(wait)
        if pause is not None and lane is Lane.IMMEDIATE:
            raise pause
        await self._free(reading, min(wait.seconds, _AGAIN_S))

    async def _free(self, reading: Reading, after_s: float) -> None:
        await self._settlement.free(reading.writes, not_before=self._s.clock.monotonic() + max(after_s, _LEAST_S))

    async def _write(
        self, kind: Kind, lane: Lane, writes: Sequence[Write], known: Mapping[DocumentKey, Document]
    ) -> None:
        if not writes:
            return
        opened = await open_write_when_allowed(self._s, kind=kind, writes=writes)
        self._s.buffer.put_back(write.key for write in (*opened.leftover, *opened.unread))
        if opened.settled:
            await self._agree([write for write in opened.settled if write.key in known], known)
            await self._settlement.settled(opened.settled)
        reissued = [stop for stop in opened.stopped if self._reissuing.takes(stop)]
        if len(reissued) < len(opened.stopped):
            await self._settlement.stopped([stop for stop in opened.stopped if stop not in reissued])
        if opened.call is not None:
            await self._performer.perform(opened.call)
        if reissued:
            await self._reissuing.run(lane, reissued, self._s.readings.elements)

    async def _agree(self, settled: Sequence[Write], known: Mapping[DocumentKey, Document]) -> None:
        """Remember what a person has made as the store now says it; tell of payments that stand on another account."""
        agreed: list[Document] = []
        standing = 0
        for write in settled:
            document, theirs = known[write.key], self._s.readings.elements.get(write.key)
            if theirs is None or write.version < document.version or document.content_hash == write.content_hash:
                continue
            standing += write.kind is Kind.PAYMENT
            if (one := as_agreed(write, document, theirs)) is not None:
                agreed.append(one)
        if standing:
            self._log.info("payments.stand", organisation=self._s.org.name, payments=standing, detail=_STAND)
        if agreed:
            await self._s.ledger.documents.rewrite(self._s.lease, agreed)
