"""Xero is out of reach for most of a day, on virtual time: what that costs of the day's calls, and how work resumes."""

from __future__ import annotations

import asyncio

import pytest

from tests.benchmarks.simulation.scenarios import LANES, in_order, organisation, sales_of
from tests.benchmarks.simulation.traffic import Shop
from tests.benchmarks.simulation.virtual import HOUR_S, elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.ledger.records import Call
from worker.xero.replies.reply import Reply, ReplyKind

pytestmark = pytest.mark.usefixtures("quiet_logs")

REFUSED = Reply(ReplyKind.UNSENT, detail="no connection: ConnectError")
BEGINS_S = HOUR_S
ENDS_S = BEGINS_S + 20 * HOUR_S
CONNECTS_S = 0.3


class AwayXero(VirtualXero):
    """Refuses connections for twenty hours: none of these calls counts there."""

    def __init__(self, *, day: int) -> None:
        super().__init__(day=day)
        self.in_vain = 0

    async def send(self, call: Call) -> Reply:
        if not BEGINS_S <= elapsed() < ENDS_S:
            return await super().send(call)
        self.in_vain += 1
        await asyncio.sleep(CONNECTS_S)
        return REFUSED


class Outage:
    """One organisation that sells all the time, and a Xero that is away from the second hour on."""

    def __init__(self, day: int) -> None:
        self.xero = AwayXero(day=day)
        self.world = World([organisation(day=day)], {"main": self.xero}, grain_s=5.0)

    async def play(self, orders: int) -> None:
        process = Process("worker-0", self.world)
        process.start()
        for arrival in in_order(sales_of(Shop("main", LANES), [ENDS_S * n / orders for n in range(orders)])):
            await asyncio.sleep(max(0.0, arrival.at - elapsed()))
            self.world.publish("main", arrival)
        while self.world.watch.open:
            assert elapsed() < ENDS_S + 12 * HOUR_S, self.world.watch.open
            await asyncio.sleep(5.0)
        await process.stop()

    @property
    def resumed_s(self) -> float:
        """How long after Xero's return something that waited was there."""
        done = [event.done_at for event in self.world.watch.events.values() if event.wanted and event.done_at]
        return min(at for at in done if at >= ENDS_S) - ENDS_S


@pytest.mark.parametrize(("day", "orders"), [(1_000, 25), (1_000, 200), (200, 25)])
def test_twenty_hours_of_refused_calls_leave_three_quarters_of_the_day_and_all_arrives_once(
    day: int, orders: int
) -> None:
    outage = Outage(day)

    run_virtually(outage.play(orders))

    assert outage.xero.in_vain <= day / 4
    assert outage.xero.duplicated == 0
    assert outage.xero.refused_429 == 0
    assert {event.done_at is not None for event in outage.world.watch.events.values()} == {True}
    if day == 1_000:
        assert outage.resumed_s < 8 * 60
