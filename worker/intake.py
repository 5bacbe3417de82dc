"""From messages to the buffer: read, compare with the ledger, hold what cannot go on, admit the rest."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.backoff import MAX_ATTEMPTS, delay_s
from worker.buffer import everyone
from worker.chart import CHARTED, Fault
from worker.documents import Action, DocumentKey, EntityKey, Kind, Write
from worker.holding import KIND_PAUSE_S, owner_of, parked, parked_unsound, waiting_for, waiting_until
from worker.ledger.records import KIND_PAUSED, Document, Held
from worker.reading import Arrival, Failed, Sound, Unsound, read, sender_of
from worker.session import Session
from worker.steps import Step
from worker.tally import tally
from worker.work import Work

_RETRY_BASE_S = 30.0
_RETRY_CAP_S = 3600.0


@dataclass(slots=True)
class _Batch:
    """What one round of intake found."""

    settled: list[Work]
    raised: list[tuple[DocumentKey, datetime]]
    held: list[tuple[Work, Held]]
    pausing: dict[Kind, Fault] = field(default_factory=dict)


@dataclass(slots=True)
class _Candidate:
    """One readable event."""

    work: Work
    sound: Sound
    held_for: str


class Intake:
    """Takes one organisation's messages in. Safe to call from several tasks."""

    def __init__(self, *, session: Session) -> None:
        self._s = session

    async def admit(self, arrivals: Sequence[Arrival]) -> dict[Kind, Fault]:
        """Take messages in; returns kinds to pause, because so many in a row do not fit the organisation's chart.

        Raises `LeaseLost` and `LedgerUnavailable`; then nothing of them was acknowledged.
        """
        now = self._s.clock.now()
        batch = _Batch([], [], [])
        candidates: list[_Candidate] = []
        for arrival in arrivals:
            self._s.steps.reached(Step.RECEIVED)
            self._sort(arrival, now, batch, candidates)
        keys = {key for one in candidates for w in one.sound.writes for key in (w.key, *w.awaits)}
        known = await self._s.ledger.documents.get(list(keys)) if keys else {}
        for one in candidates:
            wanted = self._compare(one, known, now, batch)
            if wanted:
                self._s.buffer.admit(one.work, wanted, known)
                self._s.steps.reached(Step.BUFFERED)
        await self._record(batch)
        return batch.pausing

    async def hold(self, works: Iterable[tuple[Work, Held]]) -> None:
        """Move events from memory into the ledger, then close them. Those whose parent came meanwhile go on."""
        pairs = list(works)
        if not pairs:
            return
        unique = {held.id: held for _, held in pairs}
        back = {held.id for held in await self._s.ledger.held.hold(self._s.lease, list(unique.values()))}
        self._s.steps.reached(Step.HELD)
        kept = [(work, held) for work, held in pairs if held.id not in back]
        await self._s.ledger.runs.add(tally((), kept))
        for work, held in kept:
            self._s.closing.ended(work, held)
        again = [work for work, held in pairs if held.id in back]
        if again:
            await self.admit([self._arrival(work) for work in everyone(again)])

    def _sort(self, arrival: Arrival, now: datetime, batch: _Batch, candidates: list[_Candidate]) -> None:
        outcome = read(arrival, self._s.org, now, self._s.lock_date)
        work = self._work(arrival, outcome, now)
        if isinstance(outcome, Unsound):
            held = parked_unsound(self._s.org.name, arrival, outcome)
            batch.held.append((work, held))
        elif isinstance(outcome, Failed):
            held = self._failed(work, outcome.detail, now)
            batch.held.append((work, held))
        elif not outcome.writes:
            work.result = "ignored"
            batch.settled.append(work)
        else:
            candidates.append(_Candidate(work, outcome, arrival.held_for))

    def _work(self, arrival: Arrival, outcome: Sound | Unsound | Failed, now: datetime) -> Work:
        event = None if isinstance(outcome, Unsound) else outcome.event
        sender = outcome.sender if isinstance(outcome, Unsound) else sender_of(outcome.event)
        return Work(
            event_id=sender.event_id if sender else arrival.message_id[:128],
            owner=owner_of(self._s.org.name, sender) or EntityKey(self._s.org.name, "", "unknown", ""),
            version=(sender.version if sender else None) or now,
            occurred_at=event.time if event else now,
            lane=arrival.lane,
            body=arrival.body,
            delivery=arrival.delivery,
            held_id=arrival.held_id,
            attempt=arrival.attempt,
            admitted_at=self._s.clock.monotonic(),
            run_id=sender.correlation_id if sender else "",
        )

    def _failed(self, work: Work, detail: str, now: datetime) -> Held:
        work.attempt += 1
        if work.attempt >= MAX_ATTEMPTS:
            hint = "a defect of xerelay: report it with the digest; retry after the next release"
            return parked(work, "processing_failed", detail, hint)
        wait = delay_s(work.attempt, base_s=_RETRY_BASE_S, cap_s=_RETRY_CAP_S, jitter=random.random())  # noqa: S311 - jitter
        return waiting_until(work, now + timedelta(seconds=wait), "processing_failed", detail)

    def _compare(
        self, one: _Candidate, known: dict[DocumentKey, Document], now: datetime, batch: _Batch
    ) -> list[Write]:
        work, writes = one.work, one.sound.writes
        wanted = [w for w in writes if not self._is_settled(w, known.get(w.key), batch)]
        if not wanted:
            work.result = self._why_settled(writes, known)
            batch.settled.append(work)
            return []
        held = self._why_held(one, wanted, known, now, batch)
        if held is None:
            return wanted
        batch.held.append((work, held))
        return []

    def _why_held(
        self,
        one: _Candidate,
        wanted: Sequence[Write],
        known: dict[DocumentKey, Document],
        now: datetime,
        batch: _Batch,
    ) -> Held | None:
        parents = [w.parent for w in wanted if w.parent is not None and w.parent not in known]
        missing = next((p for p in parents if p not in self._s.buffer and p.owner != one.work.owner), None)
        if missing is not None:
            return waiting_for(one.work, missing)
        paused = next((until for w in wanted if (until := self._s.paused_kinds.get(w.kind)) and until > now), None)
        if paused is not None:
            return waiting_until(one.work, paused, KIND_PAUSED, "this kind is paused: see the organisation's status")
        fault = self._s.shelf.chart.fault_of(one.sound.event, wanted)
        if fault is None or one.held_for in (fault.reason, KIND_PAUSED):
            return None  # a person says try again: Xero's own verdict counts
        return self._faulty(one.work, wanted, fault, batch)

    def _faulty(self, work: Work, wanted: Sequence[Write], fault: Fault, batch: _Batch) -> Held:
        """Parked, until so many in a row are alike that the kind pauses."""
        self._s.shelf.doubted = True
        kind = next(write.kind for write in wanted if write.kind in CHARTED)
        if kind in batch.pausing:
            return waiting_until(work, self._s.in_s(KIND_PAUSE_S), KIND_PAUSED, fault.reason)
        if self._s.refusals.one(kind, fault.reason):
            batch.pausing[kind] = fault
        return parked(work, fault.reason, fault.detail, fault.hint)

    def _is_settled(self, write: Write, document: Document | None, batch: _Batch) -> bool:
        if document is None:
            return write.action is Action.VOID and not self._s.buffer.wants(write.key)
        if write.only_if_absent or document.version > write.version or document.facts.get("linked"):
            return True
        if document.content_hash != write.content_hash:
            return False
        if self._s.buffer.wants(write.key):
            return False  # another version is on its way: the opening decides
        if document.version < write.version:
            batch.raised.append((write.key, write.version))
        return True

    def _why_settled(self, writes: Sequence[Write], known: dict[DocumentKey, Document]) -> str:
        stale = any((d := known.get(w.key)) and d.version > w.version and not w.only_if_absent for w in writes)
        return "stale" if stale else "unchanged"

    async def _record(self, batch: _Batch) -> None:
        if batch.raised:
            await self._s.ledger.documents.settle_unchanged(self._s.lease, batch.raised)
        done = [work.held_id for work in batch.settled if work.held_id]
        if done:
            await self._s.ledger.held.remove(self._s.lease, done)
        await self._s.ledger.runs.add(tally(batch.settled))
        self._s.closing.completed(batch.settled)
        await self.hold(batch.held)

    def _arrival(self, work: Work) -> Arrival:
        return Arrival(
            body=work.body,
            lane=work.lane,
            message_id=work.event_id,
            delivery=work.delivery,
            held_id=work.held_id,
            attempt=work.attempt,
        )
