"""How long an organisation rests after a session that failed: by what failed, and how lately."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, FailingOnce, MemoryBroker, MemoryXero, session_of
from tests.support.waiting import until
from tests.support.xero_fakes import reaches
from worker.clock import SystemClock
from worker.intake.inbox import Throttle
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease
from worker.serving.runner import Runner
from worker.session.counts import Counts
from worker.session.session import Session
from worker.settings.overlay import Overlay

FIRST_REST_S = 0.375
LONGEST_REST_S = 600.0


class RestlessClock(SystemClock):
    """Rests for no time at all, and knows for how long it should have been."""

    def __init__(self) -> None:
        self.rests: list[float] = []
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)
        await asyncio.sleep(0)


class Served:
    """One organisation, whose sessions cannot begin so many times because the ledger is away."""

    def __init__(self, ledger: Ledger, lease: Lease, absences: int) -> None:
        self._ledger = ledger
        self._absences = absences
        self._broker, self._xero = MemoryBroker(), MemoryXero()
        self.clock = RestlessClock()
        self.runner = Runner(
            lease=lease,
            org=ORG,
            make_session=self._session,
            reached=reaches(),
            consumer=self._broker,  # type: ignore[arg-type] # a broker in memory
            throttle=Throttle(pause_reading=lambda: None, resume_reading=lambda: None),
            ledger=ledger,
            clock=self.clock,
            counts=Counts(SystemClock().now),
        )

    def _session(self, lease: Lease, _: Overlay) -> Session:
        if self._absences:
            self._absences -= 1
            raise LedgerUnavailable("away")
        return session_of(self._ledger, lease, self._broker, self._xero)

    async def fail(self, error: Exception) -> float:
        """The session ends with `error`, and the next one begins; how long the rest between them was to be."""
        held, before, rested = self._ledger.held, self.runner.session, len(self.clock.rests)
        self._ledger.held = FailingOnce(held, "hold", error)  # type: ignore[assignment] # a fault
        self.runner.receive(self._broker.deliver(b"nonsense"))
        await until(lambda: self.runner.session not in (None, before), what="the next session")
        self._ledger.held = held
        [rest] = self.clock.rests[rested:]
        return rest


@asynccontextmanager
async def served(folder: Path, *, absences: int = 0) -> AsyncIterator[Served]:
    async with opened(f"sqlite+inline:///{folder}/ledger.db") as ledger:
        one = Served(ledger, await lease_of(ledger, name=ORG), absences)
        running = asyncio.create_task(one.runner.run())
        await until(lambda: one.runner.is_serving, what="the first session")
        yield one
        one.runner.stop()
        await asyncio.wait_for(running, 30)


async def test_the_rest_after_a_defect_does_not_grow_with_a_ledger_that_was_away(tmp_path: Path) -> None:
    async with served(tmp_path, absences=14) as one:
        assert await one.fail(RuntimeError("a defect")) == FIRST_REST_S


@pytest.mark.parametrize("error", [RuntimeError("a defect"), LedgerUnavailable("away")])
async def test_failures_that_follow_each_other_rest_longer_each_time(error: Exception, tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        rests = [await one.fail(error) for _ in range(3)]

    assert rests == [FIRST_REST_S, 2 * FIRST_REST_S, 4 * FIRST_REST_S]


@pytest.mark.parametrize("error", [RuntimeError("a defect"), LedgerUnavailable("away")])
async def test_after_a_session_that_served_for_long_rests_are_short_again(error: Exception, tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        for _ in range(3):
            await one.fail(error)

        one.clock.ahead_s += LONGEST_REST_S

        assert await one.fail(error) == FIRST_REST_S
