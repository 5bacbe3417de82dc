"""Keeps an organisation's consumers as windows, buffer and budget ask, and tells how long the backlog will take."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from functools import partial

import structlog

from producers.amqp import AmqpError, Consumer
from schemas.envelope import Lane
from schemas.topology import lane_queue
from worker.budget.decision import settle
from worker.budget.forecast import calls_within
from worker.buffer.load import MOST_BYTES
from worker.buffer.work import unheld
from worker.lanes.backfilling import Backfilling
from worker.lanes.lanes import LEAST_HELD, Lanes, opening_of, worth_holding
from worker.lanes.outlook import Outlook, outlook
from worker.session.session import Session

_TURN_S = 0.25
_FORECAST_EVERY_S = 5.0
_TELL_EVERY_S = 60.0
_HELD_AGE_S = 600.0
"""RabbitMQ takes back what is left unacknowledged for 30 minutes, before 4.3 by closing the channel."""

_AHEAD_S = {Lane.IMMEDIATE: _HELD_AGE_S, Lane.BATCH: _HELD_AGE_S - 60, Lane.BACKFILL: _HELD_AGE_S - 60}
"""How far ahead a call may be that events are held for: of the lanes that wait for it in the broker, less than their
age, lest they go back at the very moment when it comes."""

_SCARCE = 0.4
"""Of what can be saved up: with less left, calls wait a little to be fuller."""


class LaneKeeper:
    """Acts on what `Lanes` decides, for one session."""

    def __init__(self, *, session: Session, consumer: Consumer) -> None:
        self._s = session
        self._consumer = consumer
        self._log = structlog.get_logger("xerelay")
        self._backfilling = Backfilling(session.clock.monotonic())
        self.lanes = Lanes(
            org=session.org.name,
            window=session.org.window,
            offset=session.org.offset,
            queues=consumer,
            now=session.clock.now,
            held=lambda: session.buffer.load.held,
            awake=partial(session.sleepers.awake, session.buffer),
            batch=session.batch,
        )
        self._batch_queue = lane_queue(session.org.name, Lane.BATCH)

    def taken(self, lane: Lane, count: int) -> None:
        """So many messages of `lane` were delivered."""
        self.lanes.taken(lane, count)
        if lane is Lane.BACKFILL:
            self._backfilling.came(self._s.clock.monotonic())
            self._s.backfill_is_dry = False  # until it is looked at again: with what came now there may be more

    def lost(self, queue: str) -> None:
        """What is held of `queue` goes back to the broker: the batch's is taken again in this window."""
        if queue == self._batch_queue and self._s.deliveries.held(queue):
            self._s.batch.open()

    async def close(self) -> None:
        """Cancel the consumers, before all that is held goes back."""
        self.lost(self._batch_queue)
        await self.lanes.close()

    async def run(self) -> None:
        """Until cancelled."""
        clock = self._s.clock
        forecast_at = tell_at = clock.monotonic()
        while True:
            if clock.monotonic() >= forecast_at:
                forecast_at = clock.monotonic() + _FORECAST_EVERY_S
                self.lanes.worth = await self._worth()
                await when_connected(self._look_for_backfill())
            if clock.monotonic() >= tell_at:
                tell_at = clock.monotonic() + _TELL_EVERY_S
                await when_connected(self._tell())
            self.lanes.held_back = self._is_full()
            await when_connected(self.lanes.turn())
            await clock.sleep(_TURN_S)

    async def outlook(self) -> Outlook:
        """What waits for a call, in the broker, here or in the ledger, and when it will be done.

        Raises `AmqpError` without a broker.
        """
        org = self._s.org.name
        depths = {lane: await self._consumer.depth(lane_queue(org, lane)) for lane in Lane}
        due = (await self._s.ledger.overview.due([org]))[org]
        new = unheld(self._s.buffer.works())
        waiting = {lane: depths[lane] + new[lane] + due[lane] for lane in Lane}
        state, spent, now = await self._s.ledger.budget.standing(org, self._s.limits)
        opening = opening_of(self._s.org, self._s.batch, depths[Lane.BATCH], self._s.clock.now())
        return outlook(waiting, state, spent, limits=self._s.limits, now=now, opening=opening)

    async def _tell(self) -> None:
        seen = await self.outlook()
        self._log.info(
            "organisation.outlook",
            organisation=self._s.org.name,
            waiting={str(lane): count for lane, count in seen.waiting.items()},
            done={str(lane): at.isoformat(timespec="seconds") for lane, at in seen.done.items()},
            calls_left_at_once=seen.left_at_once,
            calls_left_today=seen.left_today,
        )

    async def _worth(self) -> dict[Lane, int]:
        """What the calls of each lane can carry before what is held now has to be returned.

        The immediate lane asks for a call whatever the forecast says, as only a refusal of one pauses the organisation.
        The others hold nothing that no call is coming for; of what is ceded to the batch lane it holds a little.
        """
        limits = self._s.limits
        state, spent, now = await self._s.ledger.budget.standing(self._s.org.name, limits)
        self._s.time.hear(now)
        self._s.calls_are_scarce = settle(state, limits, now).day.level < _SCARCE * limits.day_capacity
        calls = {
            lane: calls_within(state, spent, limits=limits, lane=lane, now=now, seconds=ahead_s)
            for lane, ahead_s in _AHEAD_S.items()
        }
        least = {Lane.IMMEDIATE: LEAST_HELD, Lane.BATCH: LEAST_HELD if self._is_ceded_some(calls) else 0}
        return {lane: worth_holding(count, least.get(lane, 0)) for lane, count in calls.items()}

    def _is_ceded_some(self, calls: Mapping[Lane, int]) -> bool:
        ceding = self._s.ceding
        cedes = ceding.is_due or self._s.buffer.load.held[Lane.IMMEDIATE] > 0
        return cedes and ceding.ceded_of(calls[Lane.IMMEDIATE]) > 0

    async def _look_for_backfill(self) -> None:
        """Whether what is held of a backfill is the end of it: no more comes, and none is of a run that goes on."""
        waits = await self._consumer.depth(lane_queue(self._s.org.name, Lane.BACKFILL))
        runs = {work.run_id for work in self._s.buffer.works() if work.lane is Lane.BACKFILL and work.run_id}
        is_over = self._backfilling.is_over(self._s.clock.monotonic(), waits, says_its_end=bool(runs))
        self._s.backfill_is_dry = is_over and not (runs and await self._s.ledger.runs.go_on(runs))
        if self._s.backfill_is_dry:
            self._s.wake.set()

    def _is_full(self) -> bool:
        self._give_back_old()
        limit = MOST_BYTES // 2 if self.lanes.held_back else MOST_BYTES
        return self._s.buffer.load.size_bytes > limit

    def _give_back_old(self) -> None:
        """What could not be sent in ten minutes waits in the broker: each return counts towards its delivery limit."""
        before = self._s.clock.monotonic() - _HELD_AGE_S
        oldest = self._s.buffer.load.oldest()
        if oldest is not None and oldest <= before:
            held = self._s.deliveries.held(self._batch_queue)
            self._s.let_go(lambda work: work.admitted_at <= before)
            self._s.batch.returned(held - self._s.deliveries.held(self._batch_queue))


async def when_connected(action: Awaitable[None]) -> None:
    """Do it now; when the broker is away, the next turn does."""
    with suppress(AmqpError):
        await action
