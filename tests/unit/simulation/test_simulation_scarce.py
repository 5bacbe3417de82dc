"""Calls are too few for what waits, for hours of virtual time: waiting never looks like killing workers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Lane
from tests.benchmarks.simulation.scenarios import organisation
from tests.benchmarks.simulation.traffic import STORE, Shop
from tests.benchmarks.simulation.virtual import DAY_S, HOUR_S, VirtualClock, elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.bootstrap import limits_of
from worker.budget.bucket import Bucket
from worker.budget.state import State
from worker.documents.documents import EntityKey
from worker.ledger.records import Call, Held, HoldState
from worker.xero.replies.reply import Reply, ReplyKind

pytestmark = pytest.mark.usefixtures("quiet_logs")

SHOP = Shop("main", dict.fromkeys(Entity, Lane.BACKFILL))
LIMIT_S = 26 * HOUR_S
COARSE_S = 10.0
"""A grain where a call comes every quarter of an hour or not at all, and what is held goes back after ten minutes."""


def world_of(*, grain_s: float = 1.0, **limits: Any) -> World:
    org = organisation(**limits)
    return World([org], {"main": VirtualXero(day=org.limits.day)}, grain_s=grain_s)


def spend_share(world: World, lane: Lane) -> None:
    """All that `lane` may have of 24 hours went as a backlog spends it: at once what was saved, then evenly."""
    limits, now = limits_of(world.organisations["main"]), VirtualClock().now()
    account = world.ledger.calls.accounts["main"]
    at_once = int(limits.day_capacity - limits.kept_from(lane))
    evenly = limits.day_for(lane) - at_once
    began = now - timedelta(seconds=evenly / limits.day_rate)
    for number in range(limits.day_for(lane)):
        at = began + timedelta(seconds=max(0, number - at_once) / limits.day_rate)
        account.minutes[at.replace(second=0, microsecond=0)] += 1
        account.day += 1
    account.state = State(minute=Bucket(limits.minute_capacity, now), day=Bucket(limits.kept_from(lane), now))


def spend_saved(world: World) -> None:
    """What was saved up is gone: from now on calls come as evenly as the day."""
    limits, now = limits_of(world.organisations["main"]), VirtualClock().now()
    world.ledger.calls.accounts["main"].state = State(minute=Bucket(limits.minute_capacity, now), day=Bucket(0.0, now))


async def serve(world: World) -> None:
    """Until all is booked or parked."""
    process = Process("worker-0", world)
    process.start()
    while world.watch.open > len(world.watch.parked) and elapsed() < LIMIT_S:  # noqa: ASYNC110 - virtual time has to pass
        await asyncio.sleep(60)
    await process.stop()


async def batch_without_a_call() -> World:
    world = world_of(reserve=0.2, grain_s=COARSE_S)
    spend_share(world, Lane.BATCH)
    shop = Shop("main", dict.fromkeys(Entity, Lane.BATCH))
    for number in range(300):
        world.publish("main", shop.customer(number, 0.0))
    await serve(world)
    return world


def test_a_batch_lane_that_has_no_call_for_hours_takes_nothing_meanwhile() -> None:
    world = run_virtually(batch_without_a_call())

    assert world.watch.parked == []
    assert world.watch.open == 0
    assert min(event.done_at or 0.0 for event in world.watch.events.values()) > 8.5 * HOUR_S
    assert world.broker.most_deliveries <= 3


async def backlog(lane: Lane, count: int) -> World:
    world = world_of(day=60, grain_s=COARSE_S)
    spend_saved(world)
    shop = Shop("main", dict.fromkeys(Entity, lane))
    for number in range(count):
        world.publish("main", shop.customer(number, 0.0))
    await serve(world)
    return world


@pytest.mark.parametrize("lane", [Lane.IMMEDIATE, Lane.BATCH])
def test_what_goes_back_for_want_of_calls_is_not_overtaken_without_end(lane: Lane) -> None:
    world = run_virtually(backlog(lane, 1_500))

    assert world.watch.parked == []
    assert world.watch.open == 0
    assert world.broker.most_deliveries <= 15


async def both_lanes() -> World:
    world = world_of(day=100, grain_s=COARSE_S)
    spend_saved(world)
    shop = Shop("main", dict.fromkeys(Entity, Lane.BATCH))
    for number in range(2_500):
        world.publish("main", shop.customer(number, 0.0, Lane.IMMEDIATE))
    for number in range(2_500, 2_700):
        world.publish("main", shop.customer(number, 0.0, Lane.BATCH))
    await serve(world)
    return world


def test_a_batch_behind_an_immediate_backlog_gets_every_fourth_call_though_each_call_ends_a_session() -> None:
    world = run_virtually(both_lanes())

    done = [event.done_at or LIMIT_S for event in world.watch.events.values() if event.lane is Lane.BATCH]
    assert world.watch.parked == []
    assert max(done) < 6 * HOUR_S
    assert world.broker.most_deliveries <= 20


async def day_spent_by_others() -> World:
    """Another app spent 90 of the 100 calls, evenly over the day before."""
    world = world_of(day=100)
    world.xeros["main"].day.times.extend(-DAY_S + DAY_S * number / 90 for number in range(1, 91))
    shop = Shop("main", dict.fromkeys(Entity, Lane.IMMEDIATE))
    for number in range(1_500):
        world.publish("main", shop.customer(number, 0.0))
    await serve(world)
    return world


def test_of_a_day_that_others_spent_each_probe_carries_what_waits() -> None:
    world = run_virtually(day_spent_by_others())

    assert world.watch.parked == []
    assert world.watch.open == 0
    assert max(event.done_at or LIMIT_S for event in world.watch.events.values()) < 8 * HOUR_S
    assert world.broker.most_deliveries <= 20


class Refusing(VirtualXero):
    """Refuses each call as beyond a limit, for sixteen hours."""

    def __init__(self, limit: ReplyKind) -> None:
        super().__init__()
        self._limit = limit

    async def send(self, call: Call) -> Reply:
        return await super().send(call) if elapsed() > 16 * HOUR_S else Reply(self._limit, 429, detail="too many")


async def refused(limit: ReplyKind) -> World:
    world = World([organisation(day=1_000)], {"main": Refusing(limit)}, grain_s=30.0)
    for number in range(100):
        world.publish("main", SHOP.customer(number, 0.0, Lane.IMMEDIATE))
    await serve(world)
    return world


@pytest.mark.parametrize("limit", [ReplyKind.TOO_MANY_DAY, ReplyKind.TOO_MANY_MINUTE])
def test_what_xero_refuses_for_most_of_a_day_goes_back_to_the_broker_a_few_times(limit: ReplyKind) -> None:
    world = run_virtually(refused(limit))

    assert (world.watch.parked, world.watch.open) == ([], 0)
    assert world.broker.most_deliveries <= 5
    assert max(event.done_at or LIMIT_S for event in world.watch.events.values()) < 17 * HOUR_S


def held(world: World, number: int, lane: Lane = Lane.BACKFILL) -> Held:
    """A customer who was parked, with much to say, and is due now: some 30 kB."""
    arrival = SHOP.customer(number, 0.0)
    world.watch.published("main", arrival)
    return Held(
        id=f"held-{number}",
        org="main",
        state=HoldState.TIME,
        lane=lane,
        body=arrival.message.make().ljust(30_000),
        event_id=arrival.message.message_id,
        owner=EntityKey("main", STORE, "customer", str(1_000_000 + number)),
        version=VirtualClock().now(),
        reason="retry",
        until=world.ledger.books.clock.now(),
    )


@dataclass
class Retried:
    """What memory holds half a minute after a long list was retried, and what of later immediate events is in it."""

    world: World
    taken: int = 0
    waits: int = 0
    is_urgent_here: bool = False


async def a_long_list_is_retried(lane: Lane) -> Retried:
    world = world_of()
    spend_saved(world)
    for number in range(1_200):
        world.ledger.books.keep(held(world, number, lane))
    process = Process("worker-0", world)
    process.start()
    await asyncio.sleep(20)
    world.publish("main", SHOP.customer(2_000, elapsed(), Lane.IMMEDIATE))
    urgent = held(world, 3_000, Lane.IMMEDIATE)
    world.ledger.books.keep(urgent)
    await asyncio.sleep(10)
    session = process.session("main")
    assert session is not None
    seen = Retried(
        world,
        taken=session.buffer.load.size_bytes,
        waits=world.broker.depth("xerelay.main.immediate"),
        is_urgent_here=urgent.id in session.returning.here(),
    )
    account = world.ledger.calls.accounts["main"]
    account.state = None  # rested
    while world.watch.open and elapsed() < HOUR_S:  # noqa: ASYNC110 - virtual time has to pass
        await asyncio.sleep(10)
    await process.stop()
    return seen


def test_a_long_list_that_is_retried_neither_fills_memory_nor_stops_the_lanes() -> None:
    seen = run_virtually(a_long_list_is_retried(Lane.BACKFILL))

    assert 0 < seen.taken < 16 * 1024 * 1024
    assert (seen.waits, seen.is_urgent_here) == (0, True)
    assert seen.world.watch.open == 0


def test_a_long_list_of_the_immediate_lane_takes_half_of_the_memory_at_most() -> None:
    seen = run_virtually(a_long_list_is_retried(Lane.IMMEDIATE))

    assert 12 * 1024 * 1024 < seen.taken < 24 * 1024 * 1024
    assert seen.world.watch.open == 0
