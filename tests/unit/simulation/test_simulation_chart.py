"""The accounts and tax rates are read however scarce calls are, on virtual time: until then no wrong rate is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from schemas.entities import Entity
from schemas.envelope import Lane
from tests.benchmarks.simulation.scenarios import organisation
from tests.benchmarks.simulation.traffic import Shop
from tests.benchmarks.simulation.virtual import HOUR_S, MIDNIGHT, elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.budget.bucket import Bucket
from worker.budget.state import State
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

BOTH = ["/Accounts", "/TaxRates"]


class ChartedXero(VirtualXero):
    """Notes when it is asked for accounts and tax rates; the first `lost` of these have no answer."""

    def __init__(self, *, day: int = 1000, lost: int = 0) -> None:
        super().__init__(day=day)
        self.lost = lost
        self.asked: list[tuple[float, str]] = []

    async def send(self, call: Call) -> Reply:
        if call.purpose is not Purpose.SETTINGS:
            return await super().send(call)
        self.asked.append((elapsed(), call.path))
        if len(self.asked) <= self.lost:
            return Reply(ReplyKind.UNCERTAIN, status=503, detail="status 503")
        return await super().send(call)

    @property
    def paths(self) -> list[str]:
        return [path for _, path in self.asked]


@pytest.fixture
def not_read() -> Iterator[LogCapture]:
    """What the log says, of which `told` picks that the chart was not read."""
    lines = LogCapture()
    structlog.configure(processors=[lines])
    yield lines
    structlog.reset_defaults()


def told(lines: LogCapture) -> list[str]:
    return [line["detail"] for line in lines.entries if line["event"] == "settings.not_read"]


async def served(
    xero: ChartedXero, *, for_s: float, backlog: int = 0, left: State | None = None, **limits: Any
) -> None:
    """A worker on a first day, with what is `left` of the budget."""
    org = organisation(**limits)
    world = World([org], {"main": xero}, grain_s=0.0)
    world.ledger.calls.accounts["main"].state = left
    shop = Shop("main", dict.fromkeys(Entity, Lane.IMMEDIATE))
    for number in range(backlog):
        world.publish("main", shop.customer(number, 0.0))
    process = Process("worker-0", world)
    process.start()
    await asyncio.sleep(for_s)
    await process.stop()


def left(*, minute: float, day: float) -> State:
    return State(minute=Bucket(minute, MIDNIGHT), day=Bucket(day, MIDNIGHT))


@pytest.mark.usefixtures("quiet_logs")
def test_after_a_check_has_taken_the_minutes_tokens_the_chart_is_read_as_soon_as_there_are_new_ones() -> None:
    xero = ChartedXero()

    run_virtually(served(xero, for_s=10, left=left(minute=0.0, day=240.0)))

    assert xero.paths == BOTH


@pytest.mark.usefixtures("quiet_logs")
@pytest.mark.parametrize("minute", [1, 5, 20])
def test_with_few_calls_a_minute_it_is_read_though_a_backlog_wants_them_too(minute: int) -> None:
    xero = ChartedXero()

    run_virtually(served(xero, for_s=HOUR_S / minute, backlog=2_000, minute=minute))

    assert xero.paths == BOTH


def test_a_day_without_a_call_to_spare_is_told_once_and_the_chart_read_when_there_is_one(not_read: LogCapture) -> None:
    xero = ChartedXero()

    run_virtually(served(xero, for_s=HOUR_S / 4, left=left(minute=5.0, day=10.0)))

    assert xero.paths == BOTH
    assert told(not_read) == [
        "no call was to be had for the two lists within a minute: xerelay budget says what is left"
    ]


def test_a_lost_reply_is_told_and_the_chart_read_a_minute_later(not_read: LogCapture) -> None:
    xero = ChartedXero(lost=1)

    run_virtually(served(xero, for_s=100))

    assert xero.paths == ["/Accounts", *BOTH]
    assert told(not_read) == ["status 503"]


def test_a_xero_that_stays_away_is_asked_every_15_minutes_and_told_once(not_read: LogCapture) -> None:
    xero = ChartedXero(lost=100)

    run_virtually(served(xero, for_s=HOUR_S))

    assert [round(at / 60) for at, _ in xero.asked] == [0, 1, 16, 31, 46]
    assert told(not_read) == ["status 503"]
