"""Xero's limits hold for real workers on virtual time, whoever joins, dies or has a wrong clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.envelope import Lane
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Shop
from tests.benchmarks.simulation.virtual import DAY_S, HOUR_S, elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero

pytestmark = pytest.mark.usefixtures("quiet_logs")

DAY_CAP = 60
SHOP = Shop("main", LANES)


@dataclass(frozen=True)
class Worker:
    """When a worker joins, when it is killed, and how far its clock is off."""

    joins_h: float
    lives_h: float
    skew_s: float


def world_of(cap: int) -> tuple[World, VirtualXero]:
    xero = VirtualXero(day=cap)
    return World([organisation(day=cap)], {"main": xero}, grain_s=5.0), xero


async def live(world: World, number: int, worker: Worker) -> None:
    await asyncio.sleep(worker.joins_h * HOUR_S)
    process = Process(f"worker-{number}", world, skew_s=worker.skew_s, mortal=True)
    process.start()
    await asyncio.sleep(worker.lives_h * HOUR_S)
    await process.end()


async def days_of(demand: list[tuple[float, int]], workers: list[Worker]) -> World:
    world, _ = world_of(DAY_CAP)
    number = 0
    async with asyncio.TaskGroup() as tasks:
        for place, worker in enumerate(workers):
            tasks.create_task(live(world, place, worker))
        for at_h, count in sorted(demand):
            await asyncio.sleep(max(0.0, at_h * HOUR_S - elapsed()))
            for _ in range(count):
                number += 1
                world.publish("main", SHOP.customer(number, elapsed(), Lane.IMMEDIATE))
    return world


demands = st.lists(st.tuples(st.floats(0, 26), st.integers(1, 150)), min_size=1, max_size=20)
crews = st.lists(
    st.builds(Worker, joins_h=st.floats(0, 24), lives_h=st.floats(0.01, 10), skew_s=st.floats(-120, 120)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(demand=demands, workers=crews)
def test_no_window_holds_too_many_calls_whoever_works(demand: list[tuple[float, int]], workers: list[Worker]) -> None:
    world = run_virtually(days_of(demand, workers))

    xero = world.xeros["main"]
    assert xero.refused_429 == 0
    assert xero.minute.most <= 60
    assert xero.day.most <= DAY_CAP
    assert xero.most_in_flight <= 5
    assert xero.duplicated == 0


async def endless_day() -> VirtualXero:
    world, xero = world_of(100)
    process = Process("worker-0", world)
    process.start()
    for number in range(100 * 50 + 1_000):
        world.publish("main", SHOP.customer(number, 0.0, Lane.IMMEDIATE))
    await asyncio.sleep(DAY_S)
    await process.stop()
    return xero


def test_demand_without_end_uses_the_whole_cap_of_a_day() -> None:
    xero = run_virtually(endless_day())

    assert xero.refused_429 == 0
    assert 99 <= xero.calls <= 100
