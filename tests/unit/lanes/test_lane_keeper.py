"""What is held too long, or is too much, and what of it newer versions have absorbed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from schemas.envelope import Lane
from schemas.topology import lane_queue
from tests.support.buffer_cases import CONTACT, a_work, a_write
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, session_of
from tests.support.waiting import until
from worker.documents.documents import Kind
from worker.serving.lane_keeper import LaneKeeper
from worker.session.session import Session

_MIB = 1024 * 1024


class OneTurn(FakeClock):
    """Whoever sleeps on it is woken no more."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asleep.set()
        await asyncio.Event().wait()


class Consumed(MemoryBroker):
    """Remembers which queues are consumed."""

    def __init__(self) -> None:
        super().__init__()
        self.queues: set[str] = set()

    async def start(self, queue: str, prefetch: int) -> None:
        self.queues.add(queue)

    async def cancel(self, queue: str) -> None:
        self.queues.discard(queue)


@dataclass
class Keeping:
    """A session that nothing is sent of."""

    session: Session
    broker: Consumed = field(default_factory=Consumed)
    clock: OneTurn = field(default_factory=OneTurn)

    def __post_init__(self) -> None:
        self.session.clock = self.clock

    def admit(self, version: int, *, at: float, size_bytes: int = 10, queue: str = "") -> int:
        """A version of the one customer comes; returns its tag."""
        delivery = self.broker.deliver(b"x" * size_bytes, queue=queue)
        self.session.deliveries.came(delivery)
        work = a_work("customer", "1", version=version, at=at)
        work.body, work.delivery = delivery.body, delivery
        self.session.buffer.admit(work, [a_write(CONTACT, Kind.CONTACT, version=version)], known=())
        return delivery.tag

    async def turn(self, at: float) -> None:
        """What a keeper that has begun nothing does then."""
        self.broker.queues.clear()
        self.clock.advance(at - self.clock.monotonic())
        self.clock.asleep.clear()
        keeper = LaneKeeper(session=self.session, consumer=self.broker)  # type: ignore[arg-type] # a broker in memory
        task = asyncio.create_task(keeper.run())
        try:
            await until(lambda: self.clock.asleep.is_set() or task.done(), what="one turn")
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def keeping(tmp_path: Path) -> AsyncIterator[Keeping]:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        broker = Consumed()
        yield Keeping(session_of(ledger, await lease_of(ledger, name=ORG), broker, MemoryXero()), broker)


async def test_what_is_held_for_ten_minutes_goes_back_with_all_that_it_absorbed(keeping: Keeping) -> None:
    newest = keeping.admit(2, at=0.0)
    older = keeping.admit(1, at=500.0)

    await keeping.turn(at=600.0)

    assert (keeping.broker.returned[newest], keeping.broker.returned[older]) == (1, 1)
    assert len(keeping.session.buffer) == 0


async def test_of_a_document_that_is_renewed_every_nine_minutes_each_delivery_goes_back_after_ten(
    keeping: Keeping,
) -> None:
    tags = [keeping.admit(version, at=540.0 * version) for version in range(3)]

    await keeping.turn(at=1_140.0)

    assert [keeping.broker.returned[tag] for tag in tags] == [1, 1, 0]
    assert len(keeping.session.buffer) == 1
    assert keeping.session.buffer.load.oldest() == 1_080.0


async def test_of_one_document_no_more_versions_come_than_memory_may_hold(keeping: Keeping) -> None:
    for version in range(40):
        keeping.admit(version, at=0.0, size_bytes=_MIB)

    await keeping.turn(at=1.0)

    assert keeping.broker.queues == set()


async def test_versions_of_one_document_that_memory_has_room_for_do_not_close_their_lane(keeping: Keeping) -> None:
    for version in range(20):
        keeping.admit(version, at=0.0, size_bytes=_MIB)

    await keeping.turn(at=1.0)

    assert lane_queue(ORG, Lane.IMMEDIATE) in keeping.broker.queues


async def test_what_was_taken_of_a_batch_and_goes_back_is_taken_again_in_its_window(keeping: Keeping) -> None:
    queue = lane_queue(ORG, Lane.BATCH)
    keeper = LaneKeeper(session=keeping.session, consumer=keeping.broker)  # type: ignore[arg-type] # a broker in memory
    keeping.session.deliveries.came(keeping.broker.deliver(b"x", queue=queue))
    assert not keeping.session.batch.asks

    await keeper.close()

    assert keeping.session.batch.asks


async def test_what_goes_back_of_a_batch_after_ten_minutes_counts_once_towards_its_window(keeping: Keeping) -> None:
    queue, batch = lane_queue(ORG, Lane.BATCH), keeping.session.batch
    batch.open()
    batch.learn(3)
    for version in range(2):
        keeping.admit(version, at=0.0, queue=queue)
    batch.taken(2)

    await keeping.turn(at=600.0)
    batch.taken(2)  # they come again, before the third
    await keeping.turn(at=601.0)

    assert queue in keeping.broker.queues
    batch.taken(1)
    assert not batch.asks


async def test_what_goes_back_of_another_lane_after_ten_minutes_prolongs_no_batch_window(keeping: Keeping) -> None:
    keeping.admit(1, at=0.0)

    await keeping.turn(at=600.0)

    assert not keeping.session.batch.asks


async def test_what_is_lost_of_another_lane_opens_no_batch_window(keeping: Keeping) -> None:
    keeper = LaneKeeper(session=keeping.session, consumer=keeping.broker)  # type: ignore[arg-type] # a broker in memory
    keeping.session.deliveries.came(keeping.broker.deliver(b"x"))

    keeper.lost(lane_queue(ORG, Lane.IMMEDIATE))

    assert not keeping.session.batch.asks
