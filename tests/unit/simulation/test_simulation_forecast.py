"""What the worker forecasts at several moments of a simulated day, beside when the lane is truly empty."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import pytest

from producers.amqp import Consumer
from schemas.commands import Release
from schemas.envelope import Lane
from schemas.topology import organisation_commands
from tests.benchmarks.simulation.broker import Message
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Shop
from tests.benchmarks.simulation.virtual import DAY_S, MIDNIGHT, elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.bootstrap import limits_of
from worker.budget.bucket import Bucket
from worker.budget.state import State
from worker.lanes.outlook import outlook
from worker.serving.lane_keeper import LaneKeeper
from worker.stores.commanding import ordered

pytestmark = pytest.mark.usefixtures("quiet_logs")

SHOP = Shop("main", LANES)
A_LITTLE_S = 20.0
Feed = Callable[[World], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Said:
    """In virtual seconds: at `at` a lane was said to be empty at `done`."""

    at: float
    lane: Lane
    done: float


def world_of(*, day: int = 1_000, saved: float | None = None, grain_s: float = 1.0) -> World:
    """Of so many calls a day; `saved` are what is saved up of them, all that can be unless given."""
    org = organisation(day=day)
    world = World([org], {"main": VirtualXero(day=org.limits.day)}, grain_s=grain_s)
    if saved is not None:
        minute = Bucket(limits_of(org).minute_capacity, MIDNIGHT)
        world.ledger.calls.accounts["main"].state = State(minute=minute, day=Bucket(saved, MIDNIGHT))
    return world


def waits(*loads: tuple[Lane, int], at: float = 0.0) -> Feed:
    """So many customers in each lane, all at once."""

    async def feed(world: World) -> None:
        await asyncio.sleep(at)
        number = 0
        for lane, count in loads:
            for _ in range(count):
                number += 1
                world.publish("main", SHOP.customer(number, elapsed(), lane))

    return feed


async def forecasts(world: World, feed: Feed, looks: Sequence[float]) -> list[tuple[Said, float]]:
    """What was said at `looks` of each lane where something waited, and when that lane was empty."""
    process = Process("worker-0", world)
    process.start()
    feeding = asyncio.ensure_future(feed(world))
    said: list[Said] = []
    for at in looks:
        await asyncio.sleep(at - elapsed())
        said += await said_by(world, process)
    while not feeding.done() or world.watch.open:
        await asyncio.sleep(5)
        assert elapsed() < 3 * DAY_S
    await process.stop()
    events = world.watch.events.values()
    empty = {lane: max((one.done_at or 0.0 for one in events if one.lane is lane), default=0.0) for lane in Lane}
    return [(one, empty[one.lane]) for one in said]


async def said_by(world: World, process: Process) -> list[Said]:
    """As the log says it; of a paused organisation as metrics and status do."""
    session = process.session("main")
    if session is not None:
        seen = await LaneKeeper(session=session, consumer=cast(Consumer, process.consumer)).outlook()
    else:
        limits = limits_of(world.organisations["main"])
        state, spent, now = await world.ledger.budget.standing("main", limits)
        queued = {lane: world.broker.depth(f"xerelay.main.{lane}") for lane in Lane}
        seen = outlook(queued, state, spent, limits=limits, now=now)
    return [Said(elapsed(), lane, _seconds(seen.done[lane])) for lane, count in seen.waiting.items() if count]


def _seconds(at: datetime) -> float:
    return (at - MIDNIGHT).total_seconds()


def assert_near(said: Sequence[tuple[Said, float]]) -> None:
    """Within a fifth of the time that was left, and some seconds where that is little."""
    assert said
    far = [(one, empty) for one, empty in said if abs(one.done - empty) > max(0.2 * (empty - one.at), A_LITTLE_S)]
    assert far == []


def test_a_fresh_days_documents_go_at_once() -> None:
    said = run_virtually(forecasts(world_of(), waits((Lane.IMMEDIATE, 300), at=0.5), [1, 2]))

    assert {one.lane for one, _ in said} == {Lane.IMMEDIATE}
    assert_near(said)


def test_a_half_spent_bucket_is_followed_by_the_days_pace() -> None:
    world = world_of(day=100, saved=12.5, grain_s=10.0)

    said = run_virtually(forecasts(world, waits((Lane.IMMEDIATE, 3_000)), [5, 3_600, 5 * 3_600]))

    assert_near(said)


def test_a_spent_day_comes_back_as_it_was_spent() -> None:
    """Of the day's 100 calls 30 went 20 hours ago, and 70 an hour ago."""
    world = world_of(day=100, saved=12.5, grain_s=30.0)
    account = world.ledger.calls.accounts["main"]
    for hours, calls in ((20, 30), (1, 70)):
        at = MIDNIGHT - timedelta(hours=hours)
        account.minutes[at] = calls
        account.day += calls
        world.xeros["main"].day.times.extend([(at - MIDNIGHT).total_seconds()] * calls)

    said = run_virtually(forecasts(world, waits((Lane.IMMEDIATE, 2_000)), [60, 2 * 3_600, 6 * 3_600]))

    assert [empty > 22 * 3_600 for _, empty in said] == [True, True, True]
    assert_near(said)


def test_a_batch_in_mid_window_waits_for_the_opening() -> None:
    said = run_virtually(forecasts(world_of(), waits((Lane.BATCH, 1_000), at=300), [310, 900, 1_700, 1_802]))

    assert [one.at for one, _ in said] == [310, 900, 1_700, 1_802]
    assert_near(said)


def test_a_batch_that_is_released_waits_for_no_opening() -> None:
    async def feed(world: World) -> None:
        await waits((Lane.BATCH, 1_000), at=300)(world)
        await asyncio.sleep(300)
        release = ordered(Release(), target="main", name="release")
        world.broker.publish(organisation_commands("main"), Message("main.release", release.id, lambda: release.body))

    said = run_virtually(forecasts(world_of(), feed, [602, 610]))

    assert {one.lane for one, _ in said} == {Lane.BATCH}
    assert_near(said)


def test_backfill_goes_on_while_the_batch_lane_waits_for_its_opening() -> None:
    loads = waits((Lane.IMMEDIATE, 500), (Lane.BATCH, 1_000), (Lane.BACKFILL, 2_000), at=300)

    said = run_virtually(forecasts(world_of(), loads, [305, 330, 1_000]))

    assert {one.lane for one, _ in said} == set(Lane)
    assert_near(said)


def test_live_traffic_that_is_light_delays_no_backfill() -> None:
    async def feed(world: World) -> None:
        await waits((Lane.BACKFILL, 4_000))(world)
        for number in range(10_000, 10_040):
            await asyncio.sleep(5)
            world.publish("main", SHOP.customer(number, elapsed(), Lane.IMMEDIATE))

    said = run_virtually(forecasts(world_of(), feed, [5, 20, 40]))

    assert_near([(one, empty) for one, empty in said if one.lane is Lane.BACKFILL])
