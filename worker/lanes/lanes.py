"""When each lane's queue is consumed. The broker knows no window: its depth is the truth about what waits.

Except a 0, which it also says of a queue whose leader is silent or not there: that is believed after two seconds.

immediate: always. batch: from the opening of a window until what was there then is taken, or at once on `release`,
whatever sessions end meanwhile; a worker that takes the lease in mid-window waits for the next opening. backfill: only
while nothing of the other two is at hand that could be sent or asked about now.
No more is taken than can be sent within ten minutes, of batch and backfill nothing when no call comes so soon: what
waits longer waits in the broker, for each return counts towards the delivery limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from producers.amqp import AmqpError
from schemas.envelope import Lane
from schemas.topology import lane_queue
from worker.documents.documents import DOCUMENTS_PER_CALL
from worker.lanes.batch_window import BatchWindow
from worker.lanes.outlook import Opening
from worker.settings import OrganisationSettings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
MOST_HELD = 1_000
"""Unacknowledged messages of one lane, at most."""

LEAST_HELD = 125
_ONE_OF_EACH = 250


def worth_holding(calls: int, least: int = LEAST_HELD) -> int:
    """How many messages to hold when `calls` can go out soon: what they can carry, in coarse steps.

    With any call to come it is enough to fill one of each kind: fewer would go out half empty.
    """
    most = MOST_HELD
    while most > calls * DOCUMENTS_PER_CALL and most > _ONE_OF_EACH:
        most //= 2
    return max(most if calls else 0, least)


class Queues(Protocol):
    """What this module needs of the broker."""

    async def start(self, queue: str, prefetch: int) -> None:
        """Consume `queue`."""
        ...

    async def cancel(self, queue: str) -> None:
        """Consume it no more; what was delivered stays ours."""
        ...

    async def depth(self, queue: str) -> int:
        """How many messages wait."""
        ...


def window_index(now: datetime, window: timedelta, offset: timedelta) -> int:
    """Which window `now` lies in. Any change of it, also after a clock's jump, is an opening.

    Each day's are counted anew from `offset` after midnight UTC; where they do not divide the day its last is shorter.
    """
    days, into = divmod(now - _EPOCH - offset, _DAY)
    return days * -(-_DAY // window) + into // window


def next_opening(now: datetime, window: timedelta, offset: timedelta) -> datetime:
    """When the batch lane opens next."""
    days, into = divmod(now - _EPOCH - offset, _DAY)
    return _EPOCH + offset + days * _DAY + min((into // window + 1) * window, _DAY)


def opening_of(org: OrganisationSettings, batch: BatchWindow, depth: int, now: datetime) -> Opening:
    """The next one, as who serves `org` knows it: what the window that is open takes does not wait for it."""
    return Opening(next_opening(now, org.window, org.offset), batch.leaves(depth))


class Lanes:
    """Starts and cancels the consumers of one organisation."""

    def __init__(
        self,
        *,
        org: str,
        window: timedelta,
        offset: timedelta,
        queues: Queues,
        now: Callable[[], datetime],
        held: Callable[[], Mapping[Lane, int]],
        awake: Callable[[Lane], int],
        batch: BatchWindow,
    ) -> None:
        self._org = org
        self._window = window
        self._offset = offset
        self._queues = queues
        self._now = now
        self._held = held
        self._awake = awake
        self._batch = batch
        self._batch.at(self._current())
        self._open: dict[Lane, int] = {}
        self.held_back = False
        self.worth: dict[Lane, int] = dict.fromkeys(Lane, LEAST_HELD)

    def release(self) -> None:
        """Open the batch window at the next `turn`."""
        self._batch.open()

    def taken(self, lane: Lane, count: int) -> None:
        """So many messages of `lane` were delivered."""
        if lane is Lane.BATCH:
            self._batch.taken(count)

    async def turn(self) -> None:
        """Bring the consumers to what the time, the windows and the buffer ask for.

        A queue that the broker refuses keeps no other from its turn; raises the first of the refusals, an `AmqpError`.
        """
        refusal = await _refusal_of(self._turn_batch())
        for lane, wanted in self._wanted().items():
            refused = await _refusal_of(self._want(lane, wanted=wanted))
            refusal = refusal or refused
        if refusal is not None:
            raise refusal

    def _wanted(self) -> dict[Lane, bool]:
        batch, held = self._batch.remaining > 0, self._held()
        urgent = held[Lane.IMMEDIATE] + held[Lane.BATCH]
        return {
            Lane.IMMEDIATE: self._has_room(Lane.IMMEDIATE, held[Lane.IMMEDIATE]),
            Lane.BATCH: batch and self._has_room(Lane.BATCH, urgent),
            Lane.BACKFILL: not batch and self._is_idle(urgent) and self._has_room(Lane.BACKFILL, held[Lane.BACKFILL]),
        }

    def _is_idle(self, urgent: int) -> bool:
        """Whether nothing of the other lanes is at hand: what waits for minutes to be looked up keeps no token busy."""
        return not urgent or not any(map(self._awake, (Lane.IMMEDIATE, Lane.BATCH)))

    async def close(self) -> None:
        """Cancel every consumer, at once: a queue without a leader does not answer until it has one."""
        await asyncio.gather(*(self._want(lane, wanted=False) for lane in Lane))

    async def _turn_batch(self) -> None:
        self._batch.at(self._current())
        if self._batch.asks:
            self._batch.learn(await self._queues.depth(lane_queue(self._org, Lane.BATCH)))

    def _has_room(self, lane: Lane, held: int) -> bool:
        """Who has just filled up stays: started anew, it would be given as much again beside what is held."""
        most = self.worth[lane]
        return not self.held_back and (held < most or (held == most and self._open.get(lane) == most))

    async def _want(self, lane: Lane, *, wanted: bool) -> None:
        queue, prefetch = lane_queue(self._org, lane), self.worth[lane]
        if wanted and self._open.get(lane) != prefetch:
            self._open.setdefault(lane, 0)  # whatever becomes of the start, `close` cancels it
            await self._queues.start(queue, prefetch)
            self._open[lane] = prefetch
        elif not wanted and lane in self._open:
            await self._queues.cancel(queue)
            del self._open[lane]

    def _current(self) -> int:
        return window_index(self._now(), self._window, self._offset)


async def _refusal_of(action: Awaitable[None]) -> AmqpError | None:
    try:
        await action
    except AmqpError as refusal:
        return refusal
    return None
