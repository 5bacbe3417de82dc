"""The lane that waits, on virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schemas.envelope import Lane
from tests.benchmarks.simulation.broker import Message
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Arrival, Shop
from tests.benchmarks.simulation.virtual import elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.bootstrap import limits_of
from worker.lanes.outlook import outlook

pytestmark = pytest.mark.usefixtures("quiet_logs")

SHOP = Shop("main", LANES)
RUN = "resync-1"


def of_a_run(arrival: Arrival) -> Arrival:
    message = arrival.message
    body = message.make().replace(b"{", b'{"correlationid":"%s",' % RUN.encode(), 1)
    return replace(arrival, message=Message(message.routing_key, message.message_id, lambda: body))


async def backfill(counts: list[int], every_s: float, *, goes_on: bool = False) -> tuple[World, float]:
    """So many customers at once, again and again; the world, and when the last was booked.

    They are of a run that `goes_on` until the last of them has come, or of none.
    """
    world = World([organisation()], {"main": VirtualXero(day=1_000)})
    world.ledger.runs.unfinished |= {RUN} if goes_on else set()
    process = Process("worker-0", world)
    process.start()
    number = 0
    for count in counts:
        for _ in range(count):
            number += 1
            arrival = SHOP.customer(number, elapsed(), Lane.BACKFILL)
            world.publish("main", of_a_run(arrival) if goes_on else arrival)
        await asyncio.sleep(every_s)
    world.ledger.runs.unfinished.clear()
    while world.watch.open and elapsed() < 3_600:  # noqa: ASYNC110 - virtual time has to pass
        await asyncio.sleep(1)
    ended = elapsed()
    await process.stop()
    return world, ended


def test_the_end_of_a_backfill_does_not_wait_for_company() -> None:
    world, ended = run_virtually(backfill([60], 1))

    assert world.watch.open == 0
    assert ended < 60
    assert world.xeros["main"].batchable_calls == 2


def test_while_more_is_coming_only_full_calls_go_out() -> None:
    world, _ = run_virtually(backfill([20] * 20, 10))

    assert world.watch.open == 0
    assert world.xeros["main"].batchable_calls == 400 / 50


@pytest.mark.parametrize("every_s", [20, 35, 40, 41, 50])
def test_a_publisher_with_long_pauses_is_given_time_after_the_first_of_them(every_s: float) -> None:
    world, ended = run_virtually(backfill([30] * 6, every_s))

    assert world.watch.open == 0
    assert world.xeros["main"].batchable_calls == 4  # 30, then 150 in full ones
    assert ended - 6 * every_s < 150


def test_a_run_that_goes_on_is_waited_for_however_slow_its_store() -> None:
    world, ended = run_virtually(backfill([30] * 6, 60, goes_on=True))

    assert world.watch.open == 0
    assert world.xeros["main"].batchable_calls == 4  # 180 in full calls, and the rest once the run has ended
    assert ended - 6 * 60 < 30


def test_a_run_that_stands_still_is_waited_for_for_nine_minutes() -> None:
    world, _ = run_virtually(backfill([30], 600, goes_on=True))

    (event,) = {event.done_at for event in world.watch.events.values()}
    assert event is not None
    assert 540 < event < 560


async def twice(customers: int) -> World:
    """A first look and a resync at once: every customer comes twice, the second time while the first is on its way."""
    world = World([organisation()], {"main": VirtualXero(day=1_000)})
    process = Process("worker-0", world)
    process.start()
    for began in range(0, customers, 30):
        for number in range(began, began + 30):
            world.publish("main", SHOP.customer(number, elapsed(), Lane.BACKFILL))
        await asyncio.sleep(0.3)
        for number in range(max(0, began - 45), began + 15):
            world.publish("main", SHOP.customer(number, elapsed(), Lane.BACKFILL))
    while world.watch.open and elapsed() < 3_600:  # noqa: ASYNC110 - virtual time has to pass
        await asyncio.sleep(1)
    await process.stop()
    return world


def test_what_comes_twice_takes_no_place_in_a_call() -> None:
    world = run_virtually(twice(600))

    assert world.watch.open == 0
    assert world.xeros["main"].documents == 600
    assert world.xeros["main"].batchable_calls == 600 / 50


async def forecast(customers: int) -> tuple[datetime, datetime]:
    """When so many customers are told to be booked as they come, and when they are."""
    world = World([organisation(minute=6)], {"main": VirtualXero(day=1_000, minute=6)})
    process, limits = Process("worker-0", world), limits_of(organisation(minute=6))
    state, spent, now = await world.ledger.budget.standing("main", limits)
    said = outlook({Lane.BACKFILL: customers}, state, spent, limits=limits, now=now).done[Lane.BACKFILL]
    for number in range(customers):
        world.publish("main", SHOP.customer(number, elapsed(), Lane.BACKFILL))
    process.start()
    while world.watch.open and elapsed() < 3_600:  # noqa: ASYNC110 - virtual time has to pass
        await asyncio.sleep(1)
    ended = world.ledger.books.clock.now()
    await process.stop()
    return said, ended


def test_a_backfill_is_done_when_the_outlook_said() -> None:
    said, ended = run_virtually(forecast(5_000))

    # the session's first two calls, of the accounts and the tax rates, are not forecast
    assert abs(ended - 2 * timedelta(seconds=12) - said) < timedelta(minutes=1)
