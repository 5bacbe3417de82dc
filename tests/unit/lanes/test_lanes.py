from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from producers.amqp import AmqpError, TopologyMismatch
from schemas.envelope import Lane
from schemas.topology import lane_queue
from worker.lanes.batch_window import BatchWindow
from worker.lanes.lanes import LEAST_HELD, MOST_HELD, Lanes, window_index, worth_holding

WINDOW = timedelta(minutes=30)


class FakeQueues:
    """Knows which queues are consumed, and how deep they are."""

    def __init__(self) -> None:
        self.consumed: set[str] = set()
        self.depths: dict[str, int] = {}
        self.prefetch: dict[str, int] = {}
        self.silent = False
        self.gone = False
        self.refused = ""

    async def start(self, queue: str, prefetch: int) -> None:
        if queue == self.refused:
            raise TopologyMismatch(queue, "inequivalent arg 'x-queue-type'")
        self.consumed.add(queue)
        self.prefetch[queue] = prefetch

    async def cancel(self, queue: str) -> None:
        self.consumed.discard(queue)

    async def depth(self, queue: str) -> int:
        if self.gone:
            raise AmqpError("the broker is away")
        return 0 if self.silent else self.depths.get(queue, 0)


class Stage:
    """Lanes on a clock that the test moves."""

    def __init__(self, *, offset: timedelta = timedelta()) -> None:
        self.queues = FakeQueues()
        self.time = datetime(2026, 1, 5, 12, 10, tzinfo=UTC)
        self.held: Counter[Lane] = Counter()
        self.asleep: Counter[Lane] = Counter()
        self.batch = BatchWindow()
        self._offset = offset
        self.next_session()

    def next_session(self, window: timedelta = WINDOW) -> None:
        """Other lanes; nothing is consumed yet."""
        self.queues.consumed.clear()
        self.lanes = Lanes(
            org="main",
            window=window,
            offset=self._offset,
            queues=self.queues,
            now=lambda: self.time,
            held=lambda: self.held,
            awake=lambda lane: self.held[lane] - self.asleep[lane],
            batch=self.batch,
        )

    async def turn(self) -> set[Lane]:
        await self.lanes.turn()
        return {lane for lane in Lane if lane_queue("main", lane) in self.queues.consumed}

    async def turns(self, count: int) -> set[Lane]:
        for _ in range(count - 1):
            await self.turn()
        return await self.turn()

    def waiting(self, lane: Lane, count: int) -> None:
        self.queues.depths[lane_queue("main", lane)] = count


async def test_a_worker_that_starts_in_mid_window_leaves_the_batch_until_the_next_opening() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 3)

    assert await stage.turn() == {Lane.IMMEDIATE, Lane.BACKFILL}

    stage.time += timedelta(minutes=20)
    assert await stage.turn() == {Lane.IMMEDIATE, Lane.BATCH}


async def test_the_batch_is_consumed_until_what_was_there_at_the_opening_is_taken() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 2)
    stage.time += timedelta(minutes=20)
    await stage.turn()

    stage.lanes.taken(Lane.BATCH, 1)
    assert Lane.BATCH in await stage.turn()

    stage.lanes.taken(Lane.BATCH, 1)
    assert Lane.BATCH not in await stage.turn()


async def test_a_window_that_opens_while_the_queue_has_no_leader_takes_what_is_there_when_it_has_one() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 2)
    stage.queues.silent = True
    stage.time += timedelta(minutes=20)
    assert Lane.BATCH not in await stage.turns(3)

    stage.queues.silent = False

    assert Lane.BATCH in await stage.turn()


async def test_a_window_that_opens_while_the_broker_is_away_opens_when_it_is_back() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 2)
    stage.queues.gone = True
    stage.time += timedelta(minutes=20)
    with pytest.raises(AmqpError):
        await stage.turn()

    stage.queues.gone = False

    assert Lane.BATCH in await stage.turn()


async def test_an_open_window_stays_open_when_the_queue_has_no_leader_for_a_moment() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 2)
    stage.time += timedelta(minutes=20)
    await stage.turn()

    stage.queues.silent = True

    assert Lane.BATCH in await stage.turns(3)


async def test_an_open_window_ends_when_others_took_what_was_there() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 2)
    stage.time += timedelta(minutes=20)
    await stage.turn()

    stage.waiting(Lane.BATCH, 0)

    assert Lane.BATCH not in await stage.turns(10)


async def test_what_comes_after_a_window_that_found_nothing_waits_for_the_next() -> None:
    stage = Stage()
    stage.time += timedelta(minutes=20)
    await stage.turns(10)

    stage.waiting(Lane.BATCH, 2)

    assert Lane.BATCH not in await stage.turn()
    stage.time += WINDOW
    assert Lane.BATCH in await stage.turn()


async def test_release_opens_the_window_at_once() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 1)
    await stage.turn()

    stage.lanes.release()

    assert Lane.BATCH in await stage.turn()


async def test_a_window_that_opens_while_the_last_is_drained_takes_what_is_there_then() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 1)
    stage.time += timedelta(minutes=20)
    await stage.turn()
    stage.waiting(Lane.BATCH, 2)
    stage.time += WINDOW
    await stage.turn()

    stage.lanes.taken(Lane.BATCH, 1)

    assert Lane.BATCH in await stage.turn()


async def test_an_opening_between_two_sessions_is_not_missed() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 2)
    assert Lane.BATCH not in await stage.turn()

    stage.time += timedelta(minutes=20)
    stage.next_session()

    assert Lane.BATCH in await stage.turn()


async def test_a_session_that_begins_in_an_open_window_takes_the_rest_and_no_more() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 2)
    stage.time += timedelta(minutes=20)
    await stage.turn()
    stage.lanes.taken(Lane.BATCH, 1)

    stage.next_session()

    assert Lane.BATCH in await stage.turn()
    stage.lanes.taken(Lane.BATCH, 1)
    assert Lane.BATCH not in await stage.turn()


async def test_a_backlog_of_one_lane_never_keeps_a_more_urgent_one_out() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 3)
    stage.time += timedelta(minutes=20)
    stage.held[Lane.BATCH] = stage.held[Lane.BACKFILL] = LEAST_HELD

    assert await stage.turn() == {Lane.IMMEDIATE}

    stage.held[Lane.BATCH] = LEAST_HELD - 1
    assert await stage.turn() == {Lane.IMMEDIATE, Lane.BATCH}


async def test_nothing_is_consumed_while_the_buffer_is_full() -> None:
    stage = Stage()
    await stage.turn()

    stage.lanes.held_back = True

    assert await stage.turn() == set()


async def test_a_clock_that_jumps_back_opens_the_window_rather_than_losing_one() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 1)
    await stage.turn()

    stage.time -= timedelta(hours=1)

    assert Lane.BATCH in await stage.turn()


def test_the_offset_moves_the_opening() -> None:
    at = datetime(2026, 1, 5, 12, 5, tzinfo=UTC)

    before = window_index(at - timedelta(seconds=1), WINDOW, timedelta(minutes=5))

    assert window_index(at, WINDOW, timedelta(minutes=5)) == before + 1


async def test_the_prefetch_follows_what_can_be_sent() -> None:
    stage = Stage()
    await stage.turn()
    assert stage.queues.prefetch[lane_queue("main", Lane.IMMEDIATE)] == LEAST_HELD

    stage.lanes.worth = dict.fromkeys(Lane, 500)
    await stage.turn()

    assert stage.queues.prefetch[lane_queue("main", Lane.IMMEDIATE)] == 500


def test_no_more_is_held_than_ten_minutes_of_calls_carry() -> None:
    assert worth_holding(0) == LEAST_HELD
    assert worth_holding(7) == 250
    assert worth_holding(0, 0) == 0
    assert worth_holding(1, 0) == 250
    assert worth_holding(1_000) == MOST_HELD


async def test_a_queue_that_the_broker_refuses_keeps_no_other_from_being_consumed() -> None:
    stage = Stage()
    stage.queues.refused = lane_queue("main", Lane.IMMEDIATE)

    with pytest.raises(TopologyMismatch, match="immediate"):
        await stage.turn()

    assert stage.queues.consumed == {lane_queue("main", Lane.BACKFILL)}


async def test_what_goes_back_is_taken_again_though_more_was_taken_than_the_opening_found() -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 2)
    stage.lanes.release()
    await stage.turn()
    stage.lanes.taken(Lane.BATCH, 5)
    over = await stage.turn()

    stage.batch.returned(2)

    assert Lane.BATCH not in over
    assert Lane.BATCH in await stage.turn()
