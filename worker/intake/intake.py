"""From messages to the buffer: compare them with the ledger, hold what cannot go on, admit the rest."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from operator import attrgetter

from worker.buffer.work import Work, everyone
from worker.chart import CHARTED, Fault
from worker.documents.documents import VOID, DocumentKey, EntityKey, Kind, Write
from worker.intake.discarded import take_out
from worker.intake.holding import KIND_PAUSE_S, parked, waiting_for, waiting_until
from worker.intake.overtaken import Overtaken
from worker.intake.reading import Arrival, Sound, read
from worker.intake.sorting import Candidate, sort
from worker.intake.tally import tally
from worker.ledger.records import KIND_PAUSED, Document, Held, HoldState, Tally
from worker.session.session import Session
from worker.session.steps import BUFFERED, Step

_WRITES, _KEY, _AWAITS, _KIND = map(attrgetter, ("writes", "key", "awaits", "kind"))


@dataclass(slots=True)
class _Batch:
    """What one round of intake found. `asked` is how many documents had been settled when the ledger was asked."""

    asked: int
    settled: list[Work]
    held: list[tuple[Work, Held]]
    raised: list[tuple[DocumentKey, datetime, str]] = field(default_factory=list)
    voided: list[tuple[DocumentKey, datetime]] = field(default_factory=list)
    completed: list[tuple[EntityKey, datetime]] = field(default_factory=list)
    pausing: dict[Kind, Fault] = field(default_factory=dict)


class Intake:
    """Takes one organisation's messages in. Safe to call from several tasks."""

    def __init__(self, *, session: Session) -> None:
        self._s = session

    async def admit(self, arrivals: Sequence[Arrival]) -> dict[Kind, Fault]:
        """Take messages in; returns kinds to pause, because so many in a row do not fit the organisation's chart.

        Raises `LeaseLost` and `LedgerUnavailable`; then nothing of them was acknowledged.
        """
        with self._s.returning.takes_in(arrival.held_id for arrival in arrivals):
            return await self._admit(arrivals)

    async def _admit(self, arrivals: Sequence[Arrival]) -> dict[Kind, Fault]:
        now = self._s.time.now()
        found = sort(self._s, arrivals, now)
        if gone := await take_out(self._s, found):
            await self.complete(gone, counted=gone)  # a run counted them when they were parked
        held = [*found.held, *await self._unmapped(found.unmapped)]
        batch = _Batch(asked=self._s.buffer.recent.place, settled=found.ignored, held=held)
        writes = list(chain.from_iterable(map(_WRITES, found.candidates)))
        keys = set(map(_KEY, writes)).union(*map(_AWAITS, writes))
        known = await self._s.ledger.documents.get(keys) if keys else {}
        for one in found.candidates:
            wanted = self._compare(one, known, now, batch)
            if wanted and self._s.buffer.admit(one.work, wanted, known):
                self._s.steps.reached(BUFFERED)
            elif wanted:
                one.work.result = "unchanged"
                batch.settled.append(one.work)
        await self._record(batch)
        return batch.pausing

    async def hold(self, works: Iterable[tuple[Work, Held]]) -> None:
        """Move events from memory into the ledger, then finish them. Those whose parent came meanwhile go on.

        What a later version has taken back does not wait for a parent, which may never come. What is older than what
        is held of its entity ends, as it would in memory.
        """
        pairs = list(works)
        with self._s.returning.takes_in(one.held_id for one in everyone(work for work, _ in pairs)):
            await self._hold(pairs)

    async def _hold(self, pairs: Sequence[tuple[Work, Held]]) -> None:
        stale = await self._taken_back([work for work, held in pairs if held.state is HoldState.PARENT])
        stale += await self._outdated([pair for pair in pairs if pair[0] not in stale])
        if stale:
            await self.complete(stale)
            pairs = [(work, held) for work, held in pairs if work not in stale]
        if not pairs:
            return
        kept = await self._into_ledger(pairs)
        for work, held in kept:
            self._s.finishing.ended(work, held)
        gone = {work for work, _ in kept}
        again = [work for work, _ in pairs if work not in gone]
        if again:
            await self.admit([self._arrival(work) for work in everyone(again)])

    async def _into_ledger(self, pairs: Sequence[tuple[Work, Held]]) -> Sequence[tuple[Work, Held]]:
        """Hold these, but for those whose parent came; returns the others."""
        kept: list[tuple[Work, Held]] = []
        overtaken = Overtaken(self._s)

        def count(waiting: Sequence[Held], ended: Sequence[Held]) -> Tally:
            ids = {held.id for held in waiting}
            kept.extend(pair for pair in pairs if pair[1].id in ids)
            return tally((), kept, overtaken=overtaken.of(ended))

        events = list({held.id: held for _, held in pairs}.values())
        await self._s.ledger.held.hold(self._s.lease, events, count=count)
        self._s.steps.reached(Step.HELD)
        overtaken.tell()
        return kept

    async def complete(self, works: Sequence[Work], *, counted: Container[Work] = ()) -> None:
        """Finish events of which nothing is to be written any more; the runs have those that are `counted` already."""
        await self._end(everyone(works), tally(works, besides=counted))
        self._s.finishing.completed(works)

    async def end_late(
        self, works: Sequence[Work], held: Sequence[tuple[Work, Held]], counted: Container[Work]
    ) -> None:
        """Write down the end of what joined these while the ledger wrote that they end, or that it holds them."""
        kept = {one.id for _, one in held}
        ended = everyone([*works, *(work for work, _ in held)])
        late = [one for one in ended if one not in counted and one.held_id not in kept]
        await self._end(late, tally(works, held, besides=counted))

    async def _end(self, works: Iterable[Work], counts: Tally) -> None:
        done = [work.held_id for work in works if work.held_id]
        if done:
            await self._s.ledger.held.remove(self._s.lease, done, counts)
        else:
            await self._s.ledger.runs.add(counts)

    async def _unmapped(self, refused: Sequence[tuple[Work, Held]]) -> Sequence[tuple[Work, Held]]:
        """Parked; unless the configuration was added to since this session began: then the next one reads them anew."""
        if not refused or await self._s.ledger.overlays.of(self._s.org.name) == self._s.overlay:
            return refused
        now, detail = self._s.time.now(), "the configuration was added to: read again with what was added"
        return [(work, waiting_until(work, now, "reconfigured", detail)) for work, _ in refused]

    def _compare(self, one: Candidate, known: dict[DocumentKey, Document], now: datetime, batch: _Batch) -> list[Write]:
        work, writes = one.work, one.writes
        settled = len(batch.raised) + len(batch.voided)
        wanted = [w for w in writes if not self._is_settled(w, known.get(w.key), batch)]
        if not wanted:
            work.result = self._why_settled(writes, known)
            batch.settled.append(work)
            # what was to be voided and was never written may be held: nobody wants it any more
            if len(batch.raised) + len(batch.voided) > settled:
                batch.completed.append((work.owner, work.version))
            return []
        held = self._why_held(one, wanted, known, now, batch)
        if held is None:
            return wanted
        batch.held.append((work, held))
        return []

    def _why_held(
        self,
        one: Candidate,
        wanted: Sequence[Write],
        known: dict[DocumentKey, Document],
        now: datetime,
        batch: _Batch,
    ) -> Held | None:
        for parent in [w.parent for w in wanted if w.parent is not None and w.parent not in known]:
            if parent not in self._s.buffer and parent.owner != one.work.owner:
                return waiting_for(one.work, parent)
        until = self._paused_until(wanted, now) if self._s.paused_kinds else None
        if until is not None:
            return waiting_until(one.work, until, KIND_PAUSED, "this kind is paused: see the organisation's status")
        fault = self._s.shelf.chart.fault_of(wanted, one.tax_fault)
        if fault is None or one.held_for in (fault.reason, KIND_PAUSED):
            return None  # a person says try again: Xero's own verdict counts
        return self._faulty(one.work, wanted, fault, batch)

    def _paused_until(self, wanted: Sequence[Write], now: datetime) -> datetime | None:
        ends = map(self._s.paused_kinds.get, map(_KIND, wanted))
        return next((end for end in ends if end is not None and end > now), None)

    def _faulty(self, work: Work, wanted: Sequence[Write], fault: Fault, batch: _Batch) -> Held:
        """Parked, until so many in a row are alike that the kind pauses."""
        self._s.shelf.doubted = True
        kind = next(write.kind for write in wanted if write.kind in CHARTED)
        if kind in batch.pausing:
            return waiting_until(work, self._s.time.in_s(KIND_PAUSE_S), KIND_PAUSED, fault.reason)
        if self._s.refusals.one(kind, fault.reason):
            batch.pausing[kind] = fault
        return parked(work, fault.reason, fault.detail, fault.hint)

    def _is_settled(self, write: Write, document: Document | None, batch: _Batch) -> bool:
        if document is None:
            return write.action is VOID and self._was_never_there(write, batch)
        if write.only_if_absent or document.version > write.version or document.facts.get("linked"):
            return True
        if document.content_hash != write.content_hash:
            return False
        if self._is_moving(write.key, batch):
            return False
        if document.version < write.version:
            batch.raised.append((write.key, write.version, write.content_hash))
        return True

    def _was_never_there(self, write: Write, batch: _Batch) -> bool:
        """There is nothing to void: an older version that is still on its way must not be written after this."""
        if self._is_moving(write.key, batch):
            return False
        batch.voided.append((write.key, write.version))
        return True

    def _is_moving(self, key: DocumentKey, batch: _Batch) -> bool:
        """Whether another version is on its way, or was when the ledger was asked: then the opening decides."""
        return self._s.buffer.wants(key) or self._s.buffer.recent.settled_since(batch.asked, key)

    def _why_settled(self, writes: Sequence[Write], known: dict[DocumentKey, Document]) -> str:
        stale = any((d := known.get(w.key)) and d.version > w.version and not w.only_if_absent for w in writes)
        return "stale" if stale else "unchanged"

    async def _record(self, batch: _Batch) -> None:
        counted: Container[Work] = ()
        if batch.raised or batch.voided:
            overtaken = Overtaken(self._s)
            await self._s.ledger.documents.settle_unchanged(
                self._s.lease,
                batch.raised,
                completed=batch.completed,
                voided=batch.voided,
                count=lambda dropped: tally(batch.settled, overtaken=overtaken.of(dropped)),
            )
            overtaken.tell()
            counted = frozenset(batch.settled)
        await self.complete(batch.settled, counted=counted)
        await self.hold(batch.held)

    async def _taken_back(self, works: Sequence[Work]) -> list[Work]:
        """Those of `works` whose documents the ledger knows to be gone in a later version."""
        arrivals = [self._arrival(work) for work in works]
        outcomes = read(arrivals, self._s.org, self._s.time.now(), self._s.lock_date)
        wanted = {
            work: [write for write in sound.writes if not write.only_if_absent]
            for work, sound in zip(works, outcomes, strict=True)
            if isinstance(sound, Sound)
        }
        if not wanted:
            return []
        gone = await self._s.ledger.documents.voided([w.key for writes in wanted.values() for w in writes])
        stale = [work for work, ws in wanted.items() if ws and all(gone.get(w.key, w.version) > w.version for w in ws)]
        for work in stale:
            work.result = "stale"
        return stale

    async def _outdated(self, pairs: Sequence[tuple[Work, Held]]) -> list[Work]:
        """Those of which a newer version is held, or comes with them."""
        ids = await self._s.ledger.held.outdated([held for _, held in pairs]) if pairs else ()
        outdated = [work for work, held in pairs if held.id in ids]
        for work in outdated:
            work.result = "coalesced"
        return outdated

    def _arrival(self, work: Work) -> Arrival:
        return Arrival(
            body=work.body,
            lane=work.lane,
            message_id=work.event_id,
            delivery=work.delivery,
            held_id=work.held_id,
            attempt=work.attempt,
        )
