"""A worker's clock is minutes off the ledger's: the pause of a kind lasts as long as the ledger says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import event, invoice, line
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, Served, serve
from tests.support.waiting import until
from tests.unit.serving.test_serving_chart import ChartedXero
from tests.unit.serving.test_serving_overtaken import held
from tests.unit.xero.test_chart import ACCOUNTS, BANKS, account
from worker.clock import SystemClock
from worker.documents.documents import Kind
from worker.ledger.records import HoldState, Pause
from worker.serving.serving import Stopped

PAUSE_S = 900.0
SLACK_S = 60.0
"""More than a test takes, less than a clock is off."""

off = pytest.mark.parametrize("skew_s", [600.0, -600.0, 2_000.0, -2_000.0])


class Skewed(SystemClock):
    """The machine's clock, but for its time of day."""

    def __init__(self, skew_s: float = 0.0) -> None:
        self.skew_s = skew_s

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.skew_s)


@asynccontextmanager
async def serving(
    folder: Path, xero: MemoryXero, skew_s: float, clock: Skewed, *pauses: Callable[[datetime], Pause]
) -> AsyncIterator[Served]:
    """A worker whose clock is `skew_s` ahead of the ledger's `clock`; the `pauses` are there already."""
    async with opened(f"sqlite+inline:///{folder}/ledger.db", clock=clock) as ledger:
        lease = await lease_of(ledger, name=ORG)
        for pause in pauses:
            await ledger.pauses.set(lease, pause(clock.now()))
        one = serve(ledger, lease, MemoryBroker(), xero)
        one.session.clock = Skewed(skew_s)
        try:
            yield one
        finally:
            one.task.cancel()
            with suppress(asyncio.CancelledError, Stopped):
                await one.task


def sale(number: int) -> Event:
    return event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), id=str(number), number=str(number)))


@off
async def test_a_pause_lasts_fifteen_minutes_by_the_ledger_and_what_waits_for_it_as_long(
    tmp_path: Path, skew_s: float
) -> None:
    clock, xero = Skewed(), ChartedXero(accounts=[*ACCOUNTS, *BANKS, account("200", Status="ARCHIVED")])
    async with serving(tmp_path, xero, skew_s, clock) as one:
        await until(lambda: one.session.shelf.at is not None, what="the chart")
        await one.acked(*one.receive(*(sale(number) for number in range(40, 60))))
        await until(lambda: Kind.INVOICE in one.session.paused_kinds, what="a pause")

        [pause] = await one.ledger.pauses.current(ORG)
        waiting = await one.waiting(HoldState.TIME)
        one.task.cancel()
        clock.skew_s = PAUSE_S - SLACK_S
        early = await one.ledger.held.due(ORG)
        clock.skew_s = PAUSE_S + SLACK_S
        late = await one.ledger.held.due(ORG)

    assert pause.until is not None
    assert abs((pause.until - pause.since).total_seconds() - PAUSE_S) < 1
    assert abs((pause.since - SystemClock().now()).total_seconds()) < SLACK_S
    assert (waiting, len(early), len(late)) == (15, 0, 15)


@off
async def test_a_pause_that_another_worker_began_is_kept_to_its_end(tmp_path: Path, skew_s: float) -> None:
    def begun(now: datetime) -> Pause:
        return Pause(ORG, Kind.INVOICE, "account_invalid", "archived", now, now + timedelta(seconds=PAUSE_S))

    async with serving(tmp_path, MemoryXero(), skew_s, Skewed(), begun) as one:
        await until(lambda: one.session.paused_kinds, what="the pause")

        await one.acked(*one.receive(sale(31)))

        assert (await one.waiting(HoldState.TIME), one.xero.written) == (1, {})


async def test_what_a_clock_paused_and_held_while_it_was_ahead_goes_out_when_it_is_put_right(tmp_path: Path) -> None:
    """Of a kind, and what was held for later otherwise."""
    ahead = timedelta(days=30)

    def begun(now: datetime) -> Pause:
        since = now + ahead
        return Pause(ORG, Kind.INVOICE, "account_invalid", "archived", since, since + timedelta(seconds=PAUSE_S))

    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        until_then = await ledger.now() + ahead
        await ledger.held.hold(await lease_of(ledger, name=ORG), [held(sale(31), until_then)])

    async with serving(tmp_path, MemoryXero(), 0.0, Skewed(), begun) as one:
        await one.acked(*one.receive(sale(32)))
        await until(lambda: {"SHOP-I-webshop-31", "SHOP-I-webshop-32"} <= set(one.xero.written), what="both sales")
