"""Decides what goes to Xero next. A call is filled after its token is granted: until then the buffer coalesces."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from schemas.envelope import Lane
from worker.budget.decision import Wait
from worker.buffer.work import RANK, Slot
from worker.calls import deletions
from worker.calls.opening import open_write
from worker.calls.performer import Performer
from worker.calls.revising import Revising
from worker.calls.settlement import Settlement
from worker.documents.documents import DOCUMENTS_PER_CALL, MONEY, DocumentKey, Kind
from worker.ledger.records import Call, Opened
from worker.session.interruption import PauseOrganisation, out_of_calls, xero_down
from worker.session.session import Session

_A_FEW, _MORE = 10, {Kind.CONTACT: DOCUMENTS_PER_CALL}
"""So many more than a call takes are offered where some of those turn out to be settled, or to go in another call, as
new ones and updates do: which a contact is the ledger tells. Each that is left over was looked up for nothing."""

_LANES = {rank: lane for lane, rank in RANK.items()}
_IMMEDIATE, _BATCH, _BACKFILL = (RANK[lane] for lane in (Lane.IMMEDIATE, Lane.BATCH, Lane.BACKFILL))
_APART_S = 15.0
"""Calls of one kind that are not full keep so far apart while calls are scarce: a rush fills them."""

_IN_A_RUSH_S = 60.0
"""So long full calls go first, and of those that are not the ones others wait for: then these fill meanwhile."""

_LEVELS = {
    Kind.CONTACT: 0,
    Kind.ITEM: 0,
    Kind.INVOICE: 1,
    Kind.CREDIT_NOTE: 2,
    Kind.ALLOCATION: 3,
    Kind.PAYMENT: 3,
}

_EARLY_S = 1.0
_GIVES_WAY_S = 0.25
"""So much later than the chart's reading a token is asked for: a backlog would take each that comes."""

_WAITS_TO_FILL_S = 540.0
"""So long a backfill event waits for a full call while more is to come; after ten minutes it would be returned."""


class Dispatcher:
    """Opens calls for one organisation and hands each to a task of its own."""

    def __init__(
        self,
        *,
        session: Session,
        settlement: Settlement,
        performer: Performer,
        revising: Revising,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._s = session
        self._settlement = settlement
        self._performer = performer
        self._revising = revising
        self._tasks = tasks
        self._flying: set[asyncio.Task[None]] = set()
        self._closed_until = [0.0] * len(RANK)
        self._opened_at: dict[Kind, float] = {}
        self._full_at = self._unfilled_at = -math.inf
        self.draining = False

    async def run(self) -> None:
        """Until cancelled, or `draining`. Raises `PauseOrganisation` when the wait for a token is long."""
        while not self.draining:
            self._s.wake.clear()
            chosen = self._choose()
            if chosen is None:
                await self._idle()
                continue
            await self._open(*chosen)

    async def drained(self) -> None:
        """Every call that was opened is settled."""
        while self._flying:
            await asyncio.wait(self._flying)

    def _choose(self) -> tuple[Kind, int, int] | None:
        """The kind that goes next, the rank that asks for it, and the rank whose token it spends."""
        now = self._s.clock.monotonic()
        if not self._may_open(now):
            return None
        self._reopen_kinds()
        turns = [(_IMMEDIATE, _IMMEDIATE), (_BATCH, _BATCH), (_BACKFILL, _BACKFILL)]
        if self._s.ceding.is_due:
            turns.insert(0, (_BATCH, _IMMEDIATE))
        for rank, payer in turns:
            if now >= self._closed_until[payer]:
                chosen = self._worth_a_token(rank, now)
                if chosen is not None:
                    return *chosen, payer
        return None

    def _may_open(self, now: float) -> bool:
        """Beside an open breaker only the probe, and only where nothing in flight probes: one more call may be lost."""
        awake = len(self._flying) - self._s.sleepers.count
        if self._s.breaker.is_open:
            return awake == 0 and self._s.breaker.wait_s(now) == 0
        return awake < self._s.limits.concurrent

    def _worth_a_token(self, rank: int, now: float) -> tuple[Kind, int] | None:
        """Full calls first, then parents, unless events waited for long; backfill waits for full ones."""

        def least(kind: Kind) -> int:
            rests = self._s.calls_are_scarce and now < self._opened_at.get(kind, -_APART_S) + _APART_S
            return DOCUMENTS_PER_CALL if rests or now < self._lingers_until(kind, now) else 1

        oldest = self._s.buffer.load.oldest()
        waited = 0.0 if oldest is None else now - oldest
        full = self._s.buffer.choose(now, (rank,), least=lambda _: DOCUMENTS_PER_CALL)
        if rank == _BACKFILL and waited < _WAITS_TO_FILL_S and not self._s.backfill_is_dry:
            return full
        if waited >= _IN_A_RUSH_S:
            return self._s.buffer.choose(now, (rank,), least=least)
        return full or self._s.buffer.choose(now, (rank,), least=least, order=_LEVELS.__getitem__)

    def _lingers_until(self, kind: Kind, now: float) -> float:
        """A call that is not full gives others a moment to join: once an event, whatever it has to wait for besides.

        In a rush, that is behind a full call, or behind one that was not while more events are here than a call takes,
        it keeps so far behind that one: those others are on their way. For `_IN_A_RUSH_S` at most.
        """
        since = self._s.buffer.waits_since(kind, now)
        if since is None:
            return now
        is_crowded = len(self._s.buffer) > DOCUMENTS_PER_CALL
        rush = max(self._full_at, self._unfilled_at if is_crowded else -math.inf)
        return max(since, min(rush, since + _IN_A_RUSH_S)) + self._s.org.linger.total_seconds()

    async def _idle(self) -> None:
        """Wait for something new, or for the next moment at which something may go."""
        now = self._s.clock.monotonic()
        if self._s.breaker.is_down_for_long:
            raise xero_down()
        moments = [self._s.buffer.next_due(), *self._closed_until, now + self._s.breaker.wait_s(now)]
        moments += [self._lingers_until(kind, now) for kind in Kind]
        next_moment = min((m for m in moments if m is not None and m > now), default=now + 1.0)
        await self._s.rest(min(next_moment - now, 1.0), unless=self._s.wake)

    async def _open(self, kind: Kind, rank: int, payer: int) -> None:
        buffer = self._s.buffer
        slots = buffer.take(kind, DOCUMENTS_PER_CALL, self._s.clock.monotonic(), first=rank)
        try:
            slots = await self._without_early(slots)
            if not slots:
                return
            others_are_here = buffer.count(kind) > 0
            opened = await self._try(kind, payer, slots, others_are_here=others_are_here)
            if others_are_here and isinstance(opened, Opened) and opened.call is None:
                slots += buffer.take(kind, _MORE.get(kind, _A_FEW), self._s.clock.monotonic(), first=rank)
                slots = await self._without_early(slots)
                opened = await self._try(kind, payer, slots)
        except BaseException:
            buffer.put_back(slot.key for slot in slots)
            raise
        if isinstance(opened, Wait):
            buffer.put_back(slot.key for slot in slots)
            self._wait(opened, payer)
            return
        if opened.call is not None:
            self._note(kind, len(slots))
            self._s.ceding.opened(immediate=rank == _IMMEDIATE)
        await self._take_off(kind, _LANES[payer], opened)

    async def _try(
        self, kind: Kind, payer: int, slots: Sequence[Slot], *, others_are_here: bool = False
    ) -> Opened | Wait:
        return await open_write(
            self._s,
            kind=kind,
            lane=_LANES[payer],
            writes=[slot.write for slot in slots],
            others_may_come=True,
            others_are_here=others_are_here,
        )

    async def _without_early(self, slots: list[Slot]) -> list[Slot]:
        """Some wait for others to go first; each of these is put back for a moment."""
        now = self._s.clock.monotonic()
        early = self._of_changing(slots) | await deletions.awaited(self._s, slots, now)
        if not early:
            return slots
        self._s.buffer.put_back(early, not_before=now + _EARLY_S)
        return [slot for slot in slots if slot.key not in early]

    def _of_changing(self, slots: list[Slot]) -> set[DocumentKey]:
        """Money for a sale that is about to change: another invoice may take its invoice's place."""
        if self._s.org.edited_paid != "reissue":
            return set()
        money = (slot for slot in slots if slot.write.kind in MONEY)
        return {slot.key for slot in money if any(map(self._s.buffer.wants, slot.write.awaits))}

    def _note(self, kind: Kind, offered: int) -> None:
        now = self._s.clock.monotonic()
        self._opened_at[kind] = now
        if offered < DOCUMENTS_PER_CALL:
            self._unfilled_at = now
        else:
            self._full_at = now

    def _wait(self, wait: Wait, payer: int) -> None:
        pause = out_of_calls(wait)
        if pause is not None and payer == _IMMEDIATE:
            raise pause
        until = self._s.clock.monotonic() + max(wait.seconds, 0.01)
        if self._s.shelf.is_wanted:
            until += _GIVES_WAY_S
        for blocked in range(payer, len(RANK)):
            self._closed_until[blocked] = until

    async def _take_off(self, kind: Kind, lane: Lane, opened: Opened) -> None:
        if opened.call is None and not opened.settled and not opened.unread and not opened.stopped:
            await self._settlement.unready(opened.leftover)
            return
        self._s.buffer.put_back(write.key for write in opened.leftover)
        if opened.settled:
            await self._settlement.settled(opened.settled)
        if opened.stopped:
            await self._settlement.stopped(opened.stopped)
        if opened.unread:
            self._fly(partial(self._revising.run, kind, lane, opened.unread))
        if opened.call is not None:
            self.spawn(opened.call)

    def spawn(self, call: Call, *, recover: bool = False) -> None:
        """Perform `call`, or settle it when its reply is not known, in a task of its own."""
        self._fly(partial(self._performer.recover if recover else self._performer.perform, call))

    def _fly(self, flight: Callable[[], Awaitable[None]]) -> None:
        """Begun by its task: one that is cancelled before its first step leaves nothing that was never awaited."""
        task = self._tasks.create_task(self._guarded(flight))
        self._flying.add(task)
        task.add_done_callback(self._landed)

    async def _guarded(self, flight: Callable[[], Awaitable[None]]) -> None:
        try:
            await flight()
        except PauseOrganisation as pause:
            self._s.interrupt(pause)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._s.wake.set()

    def _reopen_kinds(self) -> None:
        now = self._s.time.now()
        for kind in [k for k, until in self._s.paused_kinds.items() if until <= now]:
            del self._s.paused_kinds[kind]
            self._s.shelf.forget()
            self._s.refusals.forget(kind)
