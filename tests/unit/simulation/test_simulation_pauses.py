"""An organisation is paused for long, on virtual time: the pause is on record until it is over, and then no longer."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.benchmarks.simulation.scenarios import organisation
from tests.benchmarks.simulation.virtual import elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.ledger.records import Call, Pause, Purpose
from worker.xero.client import DEADLINE_S
from worker.xero.replies.reply import Reply, ReplyKind

pytestmark = pytest.mark.usefixtures("quiet_logs")

PROBE_EVERY_S = 30.0
LONGEST_S = 385.0
LEASE_S = 15.0
LOST = Reply(ReplyKind.UNCERTAIN, detail="no reply within 60 s")


class SilentXero(VirtualXero):
    """Lets every call wait for its deadline until `back_at`."""

    def __init__(self, *, back_at: float) -> None:
        super().__init__()
        self.back_at = back_at
        self.probed_at: list[float] = []

    async def send(self, call: Call) -> Reply:
        if call.purpose is Purpose.PROBE:
            self.probed_at.append(elapsed())
        if elapsed() >= self.back_at:
            return await super().send(call)
        await asyncio.sleep(DEADLINE_S)
        return LOST


class Paused:
    """One organisation that is paused, and whoever asks every second what is on record."""

    def __init__(self, xero: SilentXero) -> None:
        self.xero = xero
        self.world = World([organisation()], {"main": xero}, grain_s=0.0)
        self.seen: list[tuple[float, str]] = []

    async def pause(self, reason: str, seconds: float) -> None:
        now = await self.world.ledger.now()
        pause = Pause("main", None, reason, "no reply", since=now, until=now + timedelta(seconds=seconds))
        await self.world.ledger.pauses.set(None, pause)

    def start(self, name: str) -> Process:
        process = Process(name, self.world, mortal=True)
        process.start()
        return process

    async def look(self, until: float) -> None:
        """What status, console, notices and metrics would show."""
        while elapsed() < until:
            pauses = await self.world.ledger.pauses.current("main")
            self.seen.append((elapsed(), ",".join(pause.reason for pause in pauses)))
            await asyncio.sleep(1.0)

    def ends(self) -> float:
        """When nothing was on record for the first time, and for good."""
        gone = [at for at, reason in self.seen if not reason]
        assert [reason for at, reason in self.seen if at >= gone[0] and reason] == []
        return gone[0]


async def for_an_hour(paused: Paused) -> None:
    await paused.pause("xero_unavailable", PROBE_EVERY_S)
    process = paused.start("worker-0")
    await paused.look(paused.xero.back_at + 500)
    await process.end()


def test_the_pause_is_on_record_while_xero_is_asked_whether_it_is_back() -> None:
    paused = Paused(SilentXero(back_at=3_600.0))

    run_virtually(for_an_hour(paused))

    assert len(paused.xero.probed_at) > 3_600 / (LONGEST_S + DEADLINE_S + 2)
    assert 3_600.0 <= paused.ends() < 3_600 + LONGEST_S + DEADLINE_S + 5


async def whose_worker_dies_while_it_asks(paused: Paused) -> None:
    await paused.pause("xero_unavailable", PROBE_EVERY_S)
    first = paused.start("worker-0")
    await paused.look(PROBE_EVERY_S + 10)
    assert len(paused.xero.probed_at) == 1
    first.kill()
    second = paused.start("worker-1")
    await paused.look(300.0)
    await first.end()
    await second.end()


def test_a_worker_that_dies_while_it_asks_leaves_nothing_paused_for_ever() -> None:
    paused = Paused(SilentXero(back_at=60.0))

    run_virtually(whose_worker_dies_while_it_asks(paused))

    assert len(paused.xero.probed_at) >= 2
    assert 60.0 <= paused.ends() < 60 + LEASE_S + PROBE_EVERY_S + DEADLINE_S + 10


async def without_a_call(paused: Paused) -> None:
    await paused.pause("day_budget_spent", 500.0)
    process = paused.start("worker-0")
    await paused.look(600.0)
    await process.end()


def test_a_pause_for_want_of_calls_ends_at_its_time_and_costs_no_call() -> None:
    paused = Paused(SilentXero(back_at=0.0))

    run_virtually(without_a_call(paused))

    assert 500.0 <= paused.ends() <= 503.0
    assert paused.xero.probed_at == []


async def nobody_for_long(paused: Paused) -> None:
    await paused.pause("day_budget_spent", 500.0)
    await paused.look(1_000.0)
    process = paused.start("worker-0")
    await paused.look(1_030.0)
    await process.end()


def test_a_pause_whose_time_came_while_no_worker_ran_ends_with_the_first() -> None:
    paused = Paused(SilentXero(back_at=0.0))

    run_virtually(nobody_for_long(paused))

    assert 1_000.0 <= paused.ends() <= 1_010.0
