"""A worker's leases while the ledger fails in mid-turn: what it holds and what it serves come together again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from schemas.envelope import Lane
from schemas.topology import lane_queue
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from tests.support.serving_fakes import FailingOnce, LateAnswers, MemoryBroker
from tests.support.waiting import until
from worker.ledger.database.errors import LedgerSetBack, LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease
from worker.serving.service import Service

AWAY = LedgerUnavailable("the connection was reset")


class Turns(FakeClock):
    """Time goes on by one turn whenever the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self._go = asyncio.Semaphore(0)
        self.begun = 0

    async def sleep(self, seconds: float) -> None:
        self.begun += 1
        await self._go.acquire()
        self.advance(seconds)

    def go_on(self) -> None:
        """One more turn begins."""
        self._go.release()

    async def next(self) -> None:
        """One more turn, to its end."""
        begun = self.begun
        self.go_on()
        await until(lambda: self.begun > begun, what="the turn's end")


class IdleRunner:
    """Serves nothing until it is told to stop."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        await self._stopped.wait()


class IdleConsumer(MemoryBroker):
    """A connection that stays."""

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        pass


class Working:
    """Worker w1 of two organisations, turn by turn."""

    def __init__(self, ledger: Ledger, clock: Turns) -> None:
        self.ledger = ledger
        self.clock = clock
        self.service = Service(
            worker_id="w1",
            organisations=["east", "west"],
            ledger=ledger,
            clock=clock,
            make_runner=lambda _, lease: IdleRunner(lease),  # type: ignore[arg-type,return-value] # it serves nothing
            housekeeping=self._keep_house,
        )
        self.consumer = IdleConsumer()
        self.house_kept = 0
        self.house_is_quiet = asyncio.Event()
        self.house_is_quiet.set()
        self._running: asyncio.Task[None] | None = None

    async def _keep_house(self) -> None:
        self.house_kept += 1
        await self.house_is_quiet.wait()

    async def start(self) -> None:
        """The first turn, to its end."""
        consumer: Any = self.consumer
        self._running = asyncio.create_task(self.service.run(consumer))
        await until(lambda: self.clock.begun, what="the first turn's end")

    async def stop(self) -> None:
        """Raises what ended it, if it has ended already."""
        self.house_is_quiet.set()
        self.service.stop()
        if self._running is not None:
            await asyncio.wait_for(self._running, 30)

    @property
    def served(self) -> set[str]:
        return set(self.service.runners)


@pytest.fixture
async def working(tmp_path: Path) -> AsyncIterator[Working]:
    clock = Turns()
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db", clock=clock) as ledger:
        working = Working(ledger, clock)
        await working.start()
        yield working
        await working.stop()


async def test_an_organisation_given_up_while_the_ledger_was_away_ends_no_worker(working: Working) -> None:
    assert working.served == {"east", "west"}
    await working.ledger.leases.heartbeat("w2")
    working.ledger.leases = FailingOnce(working.ledger.leases, "release", AWAY)  # type: ignore[assignment] # a fault

    await working.clock.next()
    await working.clock.next()

    assert working.served == {"east"}


async def test_what_comes_late_for_an_organisation_that_was_handed_over_goes_back(working: Working) -> None:
    await working.ledger.leases.heartbeat("w2")
    await working.clock.next()
    assert working.served == {"east"}

    late = working.consumer.deliver(b"{}", queue=lane_queue("west", Lane.IMMEDIATE))
    working.service.receive(late)

    assert working.consumer.returned[late.tag] == 1


async def test_an_organisation_whose_lease_was_granted_unheard_is_served_at_the_next_turn(working: Working) -> None:
    await working.ledger.leases.heartbeat("w2")
    await working.clock.next()
    west = await working.ledger.leases.acquire("west", "w1")
    await working.ledger.leases.forget_worker("w2")

    await working.clock.next()

    assert west is not None
    assert working.served == {"east", "west"}


async def test_leases_are_renewed_while_the_house_is_kept_for_long(working: Working) -> None:
    await until(lambda: working.house_kept == 1, what="the first time")
    working.house_is_quiet.clear()
    working.clock.advance(3600)

    for _ in range(6):
        await working.clock.next()

    held = {lease.name: lease.holder for lease in await working.ledger.leases.holders()}
    assert held == {"east": "w1", "west": "w1"}
    assert working.house_kept == 2


async def test_a_turn_that_does_not_end_leaves_it_late_and_without_a_lease_once_that_has_run_out(
    working: Working,
) -> None:
    leases = working.ledger.leases
    late = LateAnswers(leases, "live_workers")
    late.is_late = True
    working.ledger.leases = late  # type: ignore[assignment] # it answers late
    working.clock.go_on()
    await asyncio.wait_for(late.asked.wait(), 30)

    working.clock.advance(14.9)
    before = working.service.is_late, working.service.holds("east")
    working.clock.advance(0.1)
    after = working.service.is_late, working.service.holds("east")
    late.arriving.set()
    await working.clock.next()  # to the end of the one that hung
    await working.clock.next()

    assert (before, after) == ((True, True), (True, False))
    assert (working.service.is_late, working.service.holds("east")) == (False, True)


async def test_it_knows_why_the_last_turn_failed_until_one_succeeds(working: Working) -> None:
    before = working.service.last_error
    working.ledger.leases = FailingOnce(working.ledger.leases, "heartbeat", AWAY)  # type: ignore[assignment] # a fault

    await working.clock.next()
    failed = working.service.last_error
    await working.clock.next()

    assert (before, failed, working.service.last_error) == (None, AWAY, None)


async def test_in_a_ledger_that_was_set_back_it_takes_nothing_and_stays(working: Working, tmp_path: Path) -> None:
    """What watches it would start one that remembers nothing, and books everything again."""
    await working.clock.next()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
        connection.execute("UPDATE leases SET renewals = 0")

    await working.clock.next()
    working.clock.advance(60)  # what it held may be anybody's
    await working.clock.next()

    assert isinstance(working.service.last_error, LedgerSetBack)
    assert not working.service.holds("east")
    assert not working.service.is_stopping


async def test_what_a_killed_worker_had_by_a_clock_that_was_ahead_is_served_within_a_lease(working: Working) -> None:
    working.clock.advance(6 * 3600)
    await working.ledger.leases.heartbeat("w2")
    await working.clock.next()
    assert working.served == {"east"}
    await working.ledger.leases.heartbeat("w2")
    assert await working.ledger.leases.acquire("west", "w2") is not None
    working.clock.set_back(6 * 3600)

    for _ in range(5):
        await working.clock.next()

    assert working.served == {"east", "west"}
