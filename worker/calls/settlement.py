"""After the answer: what is known of each document goes into the ledger at once, then the events are finished."""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Iterable, Sequence
from functools import partial

import structlog

from worker.backoff import MAX_ATTEMPTS, delay_s
from worker.budget.corrections import Headers
from worker.buffer.work import Work
from worker.calls.ends import Ends
from worker.calls.tallying import Tallying
from worker.documents.documents import MONEY, VOID, DocumentKey, Kind, Write
from worker.intake.holding import KIND_PAUSE_S, parked, waiting_for, waiting_for_approval, waiting_until
from worker.intake.intake import Intake
from worker.ledger.records import KIND_PAUSED, Call, Document, Held, Member, Pause, Stop
from worker.session.outcome import Results
from worker.session.session import Session
from worker.session.steps import Step
from worker.xero.changes.cut_over import as_adopted

_RETRY_BASE_S = 1.0
_RETRY_CAP_S = 120.0
_CHANGING_S = 1.0
_APPROVAL_S = 86_400.0
"""Approvals are looked for by themselves; this is when an event looks again though none was seen."""


class Settlement:
    """The only one that closes calls which carried documents. A question to Xero is closed by whoever asked it."""

    def __init__(self, *, session: Session, intake: Intake) -> None:
        self._s = session
        self._intake = intake
        self._ends = Ends(session)
        self._pausing: set[Kind] = set()
        self._log = structlog.get_logger("xerelay")

    async def record(
        self,
        call: Call,
        status: int | None,
        results: Results,
        *,
        result: str = "written",
        headers: Headers | None = None,
        stubs: Sequence[Document] = (),
    ) -> None:
        """Close `call` with what Xero said: documents written, events parked, the kind paused at five like refusals.

        Members that exist already or had no verdict stay in flight: the caller settles them next. `headers` are the
        reply's, unless they have corrected the budget before. `stubs` are known then, and are still to be written.
        """
        results.documents, stubs = [await self._as_adopted(call, found) for found in (results.documents, stubs)]
        paused = self._pause_reason(call.kind, results)
        fates = self._ends.fates(results, is_paused=paused is not None)
        self._tell_unheard(results)
        ending = self._ends.with_documents(results.documents, {work for work, _ in fates})
        tallying = Tallying(self._s, ending, result, fates, calls=1)
        self._note_unpaid(call, results)
        children = await self._s.ledger.calls.close(
            self._s.lease,
            call.id,
            status=status,
            documents=[*results.documents, *stubs],
            held=[held for _, held in fates],
            completed=ending.completed,
            headers=headers,
            count=tallying.of,
        )
        self._s.steps.reached(Step.RECORDED)
        tallying.tell()
        await self._after(call, results, fates, children, result, tallying.counted)
        if paused and call.kind is not None:
            await self.pause_kind(call.kind, paused, _messages(results, paused))

    async def adopt(
        self, call: Call, status: int | None, documents: Sequence[Document], stubs: Sequence[Document] = ()
    ) -> None:
        """Close `call` with the documents that were found in Xero and are ours.

        `stubs` are ours too, but hold other content: they are to be updated, by id.
        """
        await self.record(call, status, Results(documents=list(documents)), result="adopted", stubs=stubs)

    def _note_unpaid(self, call: Call, results: Results) -> None:
        """Before the ledger has it: a sale that is about to be parked as paid asks for it."""
        if call.kind in MONEY:
            self._s.unpaid.extend(freed for one in results.documents for freed in one.unpays)

    async def _as_adopted(self, call: Call, documents: Sequence[Document]) -> list[Document]:
        """An edit, or a re-issue, does not make us forget what an earlier connector has done."""
        if call.kind is not Kind.INVOICE or call.method == "PUT" or not documents:
            return list(documents)
        before = await self._s.ledger.documents.get([document.key for document in documents])
        ours_from = self._s.org.cut_over.before
        return [as_adopted(document, before.get(document.key), ours_from) for document in documents]

    async def close(self, call: Call, status: int | None) -> None:
        """Close `call` without any document."""
        await self._s.ledger.calls.close(self._s.lease, call.id, status=status)

    async def free(self, members: Iterable[Member | Write], *, not_before: float = 0.0) -> None:
        """Members whose call wrote nothing go back to the buffer."""
        keys = [member.key for member in members]
        self._s.buffer.put_back(keys, not_before=not_before)
        await self._orphaned(self._s.buffer.unblock(keys))
        self._s.wake.set()

    async def failed(self, members: Sequence[Member], reason: str, detail: str) -> None:
        """Count an attempt for the events of `members`; after eight of them a person has to look."""
        again: list[Member] = []
        for member in members:
            works = self._ends.owners(member.key)
            for work in works:
                work.attempt += 1
            if any(work.attempt >= MAX_ATTEMPTS for work in works):
                await self.park(member, reason, detail, "look at Xero's status and the reply; then retry")
            else:
                again.append(member)
        attempts = [work.attempt for member in again for work in self._ends.owners(member.key)]
        wait = delay_s(max(attempts, default=1), base_s=_RETRY_BASE_S, cap_s=_RETRY_CAP_S, jitter=random.random())  # noqa: S311 - jitter
        await self.free(again, not_before=self._s.clock.monotonic() + wait)

    async def park(self, member: Member | Write, reason: str, detail: str, hint: str) -> None:
        """Move the events that want `member` into the ledger for a person; not if a newer version waits."""
        await self._move(member.key, lambda work: parked(work, reason, detail, hint))

    async def pause_kind(self, kind: Kind, reason: str, messages: Sequence[str]) -> None:
        """One alarm, and the events of `kind` wait in the ledger until the next try in 15 minutes."""
        now = self._s.time.now()
        until = self._s.time.in_s(KIND_PAUSE_S)
        detail = "; ".join(messages)[:500]
        if kind not in self._pausing and self._s.paused_kinds.get(kind, now) <= now:
            self._pausing.add(kind)  # a call and intake may find the same at once
            pause = Pause(self._s.org.name, kind, reason, detail, since=now, until=until)
            await self._s.ledger.pauses.set(self._s.lease, pause)
            self._s.paused_kinds[kind] = until
            self._pausing.discard(kind)
            self._log.error("kind.paused", organisation=self._s.org.name, kind=str(kind), reason=reason)
        works = self._s.buffer.of_kind(kind)
        orphans = [orphan for work in works for orphan in self._s.buffer.drop(work)]
        await self._intake.hold((work, waiting_until(work, until, KIND_PAUSED, reason)) for work in works)
        await self._orphaned([orphan for orphan in orphans if orphan not in works])

    async def settled(self, writes: Sequence[Write]) -> None:
        """Documents that need no call after all: written already, or older than what is written."""
        known = await self._s.ledger.documents.get([write.key for write in writes])
        newer = [(one.key, one.version, one.content_hash) for one in writes if not one.only_if_absent]
        keys = {write.key for write in writes}
        ending = self._ends.with_keys(keys)
        tallying = Tallying(self._s, ending, "unchanged")
        there = [write.key for write in writes if write.key in known]
        never = [write.key for write in writes if write.key not in known]
        voided = [(one.key, one.version) for one in writes if one.action is VOID and one.key not in known]
        await self._s.ledger.documents.settle_unchanged(
            self._s.lease,
            newer,
            completed=ending.completed,
            voided=voided,
            count=tallying.of,
        )
        tallying.tell()
        done = [*self._finish(there, "unchanged"), *self._finish(never, "unchanged", exists=False)]
        await self._intake.complete(done, counted=tallying.counted)
        await self._orphaned(self._s.buffer.unblock(never))

    async def unready(self, writes: Sequence[Write]) -> None:
        """Documents that no call can carry: what they need is not in Xero, and was expected to be. They wait for it."""
        known = await self._s.ledger.documents.get([key for write in writes for key in write.awaits])
        for write in writes:
            missing = next((key for key in sorted(write.awaits) if key not in known), None)
            if missing is None:
                # it came meanwhile; at once again would be without end where it is something else
                self._s.buffer.put_back([write.key], not_before=self._s.clock.monotonic() + _CHANGING_S)
            else:
                await self._move(write.key, partial(waiting_for, parent=missing))

    async def stopped(self, stops: Sequence[Stop]) -> None:
        """Documents that must not be sent: their events wait for an approval, or for a person.

        While the document that stops them is being changed itself, they wait for what becomes of it.
        """
        for stop in stops:
            if stop.parent is not None and self._s.buffer.wants(stop.parent):
                await self.free([stop.write], not_before=self._s.clock.monotonic() + _CHANGING_S)
            else:
                await self._move(stop.write.key, partial(self._held, stop=stop))

    def _held(self, work: Work, stop: Stop) -> Held:
        if stop.parent is None or not stop.waits:
            return parked(work, stop.reason, stop.detail, stop.hint)
        until = self._s.time.in_s(_APPROVAL_S)
        return waiting_for_approval(work, stop.parent, until, stop.reason, stop.detail, stop.hint)

    async def _move(self, key: DocumentKey, held: Callable[[Work], Held]) -> None:
        """Out of memory and into the ledger: the events that want a document which is not going to be written now."""
        works = self._s.buffer.land(key)
        orphans = [orphan for work in works for orphan in self._s.buffer.drop(work)]
        await self._intake.hold([(work, held(work)) for work in works])
        await self._orphaned([*self._s.buffer.unblock([key]), *orphans])

    async def _after(
        self,
        call: Call,
        results: Results,
        fates: Sequence[tuple[Work, Held]],
        children: Sequence[Held],
        result: str,
        counted: Container[Work],
    ) -> None:
        for document in results.documents:
            for work in self._ends.owners(document.key):
                work.document_id, work.call_id = document.xero_id, call.id
        written = [document.key for document in results.documents if document.key not in results.doubted]
        refused = [member.key for member, _ in results.refused]
        done = self._finish(written, result)
        for key in refused:
            self._s.buffer.land(key)
        orphans = [orphan for work, _ in fates for orphan in self._s.buffer.drop(work)]
        # behind their events, which end otherwise: what needs these documents goes on
        done += self._finish(results.doubted, result)
        # what came to want such a document while the ledger wrote, and what was absorbed then
        await self._intake.end_late(done, fates, counted)
        self._s.finishing.completed(done)
        for work, held in fates:
            self._s.finishing.ended(work, held)
        # the other members stay blocked: they may go into another call only when this one has settled them
        await self._orphaned([*self._s.buffer.unblock([*written, *results.doubted, *refused]), *orphans])
        if children:
            self._s.returning.release(child.id for child in children)
        self._s.wake.set()

    def _tell_unheard(self, results: Results) -> None:
        """Of documents that no event in memory wants, as those that an earlier session sent, only the log can tell."""
        for key, doubt in results.doubted.items():
            if self._s.buffer.slot(key) is None:
                told = {"source": key.source, "entity": key.entity, "entity_id": key.entity_id, "detail": doubt.detail}
                self._log.warning("document.doubted", organisation=key.org, reason=doubt.reason, **told)

    def _finish(self, keys: Iterable[DocumentKey], result: str, *, exists: bool = True) -> list[Work]:
        settle = self._s.buffer.settle
        done = [work for key in keys for work in settle(key, exists=exists)]
        for work in done:
            work.result = result
        return done

    def _pause_reason(self, kind: Kind | None, results: Results) -> str | None:
        return self._s.refusals.count(kind, results) if kind is not None else None

    async def _orphaned(self, works: Iterable[Work]) -> None:
        """Events whose parent will not come from memory wait for it in the ledger, and so do those that need them."""
        waiting: dict[Work, Held] = {}
        left = list(works)
        for work in left:
            parent = None if work in waiting else self._missing_parent(work)
            if parent is not None:
                left += self._s.buffer.drop(work)
                waiting[work] = waiting_for(work, parent)
        await self._intake.hold(waiting.items())

    def _missing_parent(self, work: Work) -> DocumentKey | None:
        for key in work.pending:
            slot = self._s.buffer.slot(key)
            if slot is not None and slot.write.parent in slot.waiting and slot.write.parent not in self._s.buffer:
                return slot.write.parent
        return None


def _messages(results: Results, reason: str) -> Sequence[str]:
    """Xero's words for `reason`; those of other refusals of the call may name people."""
    return next((refused.messages for _, refused in results.refused if refused.reason == reason), ())
