"""One worker serves several organisations on virtual time: none slows another."""

from __future__ import annotations

import asyncio

import pytest

from schemas.envelope import Lane
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Shop
from tests.benchmarks.simulation.virtual import elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero

pytestmark = pytest.mark.usefixtures("quiet_logs")

DAYS = {"flooded": 1_000, "main": 1_000, "spent": 2}
"""The calls that each organisation has a day."""


async def beside(waiting: dict[str, int]) -> tuple[float, World]:
    """The longest that an event of `main` took, one coming each second, while so many of others wait."""
    world = World(
        [organisation(name, day=day) for name, day in DAYS.items()],
        {name: VirtualXero(day=day) for name, day in DAYS.items()},
    )
    for name, count in waiting.items():
        shop = Shop(name, LANES)
        for number in range(count):
            world.publish(name, shop.customer(number, 0.0, Lane.IMMEDIATE))
    process = Process("worker-0", world)
    process.start()
    shop = Shop("main", LANES)
    for number in range(60):
        await asyncio.sleep(1)
        world.publish("main", shop.customer(number, elapsed(), Lane.IMMEDIATE))
    await asyncio.sleep(60)
    await process.stop()
    ours = [event for (name, _), event in world.watch.events.items() if name == "main"]
    return max((event.done_at or elapsed()) - event.at for event in ours), world


def test_neither_a_flood_nor_a_spent_day_of_others_delays_an_organisation() -> None:
    alone, _ = run_virtually(beside({}))

    delay, world = run_virtually(beside({"flooded": 20_000, "spent": 1_000}))

    assert delay <= alone + 1
    assert world.broker.depth("xerelay.flooded.immediate") > 10_000
    assert world.xeros["flooded"].batchable_calls > 50
    assert world.xeros["spent"].batchable_calls <= DAYS["spent"]
