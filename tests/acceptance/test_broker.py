"""The broker dies in mid-run, gives a message up, or keeps a lane until it is released: nothing is lost."""

from __future__ import annotations

import asyncio
import time

from deploy.services import PrivateBroker
from schemas.entities import Entity
from schemas.envelope import Lane
from tests.acceptance.post import depth, part_of, post_release, wear_out
from tests.acceptance.stage import Stage, a_small_day
from tests.support.amqp_links import written_down
from worker.ledger.held.parked import Chosen
from worker.ledger.records import HoldState

_HALF_A_DAY_S = 12 * 3600


async def test_a_broker_killed_in_mid_run_costs_nothing(fragile_stage: Stage, private_broker: PrivateBroker) -> None:
    stage = fragile_stage
    day = a_small_day(stage.organisation)
    stage.sandbox.limits(latency_ms=150)
    await stage.publish(day)
    # a quorum queue killed within its first moments may stay stuck
    await asyncio.to_thread(written_down, private_broker)
    worker = stage.worker()

    await stage.until(lambda: stage.calls() >= 3, what="the first calls")

    await asyncio.to_thread(private_broker.kill)
    await asyncio.to_thread(private_broker.start)

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert worker.poll() is None


async def test_a_broker_that_stays_away_for_longer_than_the_work_takes_costs_nothing(
    fragile_stage: Stage, private_broker: PrivateBroker
) -> None:
    stage = fragile_stage
    day = a_small_day(stage.organisation, orders=12)
    stage.sandbox.limits(latency_ms=150)
    await stage.publish(day)
    await asyncio.to_thread(written_down, private_broker)
    stage.worker()
    await stage.until(lambda: stage.calls() >= 2, what="the first calls")

    await asyncio.to_thread(private_broker.kill)
    ledger = await stage.ledger()
    await stage.until_async(lambda: _no_call_is_open(stage), what="the calls in flight settled")
    await asyncio.to_thread(private_broker.start)

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert [lease.name for lease in await ledger.leases.holders()] == [stage.organisation]


async def test_a_message_that_kills_workers_is_parked_in_the_end(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = part_of(a_small_day(stage.organisation, orders=12))
    [deadly] = part_of(day, lambda event: event.entity is Entity.CUSTOMER and event.subject == "4001").events[:1]
    await stage.publish(part_of(day, lambda event: event is deadly))
    await wear_out(stage.broker_url, stage.organisation)

    stage.worker()
    await stage.until_async(lambda: _is_held(stage, HoldState.PERSON, 1), what="the message parked")
    [parked] = await (await stage.inspection()).parked()
    await stage.publish(part_of(day, lambda event: event is not deadly))
    await (await stage.ledger()).parked.retry(Chosen(ids=(parked.id,)), who="ann")

    assert (parked.event_id, parked.reason) == (deadly.id, "redelivery_limit")
    assert parked.hint
    await stage.until_quiet([day])
    await stage.assert_right(day)


async def test_the_batch_lane_stays_in_the_broker_until_it_is_released(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = part_of(a_small_day(stage.organisation, orders=12))
    urgent = part_of(day, lambda event: event.entity is Entity.PRODUCT)
    patient = part_of(day, lambda event: event.entity is not Entity.PRODUCT)
    # in the middle of its window, so that none opens while the test runs
    offset = f"{int(time.time() + _HALF_A_DAY_S) % (2 * _HALF_A_DAY_S)}s"
    stage.configure(stage.organisation, WINDOW="24h", OFFSET=offset)
    await stage.publish(patient, Lane.BATCH)
    stage.worker()
    await stage.publish(urgent)
    await stage.until(
        lambda: stage.sandbox.counts()["documents"]["items"] == len(day.items), what="the immediate lane's products"
    )

    waiting = await depth(stage.broker_url, stage.organisation, Lane.BATCH)
    contacts = stage.sandbox.counts()["documents"]["contacts"]
    await post_release(stage.broker_url, stage.organisation)

    assert (waiting, contacts) == (len(patient.events), 0)
    await stage.until_quiet([day])
    await stage.assert_right(day)


async def _no_call_is_open(stage: Stage) -> bool:
    return not await (await stage.ledger()).calls.unsettled(stage.organisation)


async def _is_held(stage: Stage, state: HoldState, count: int) -> bool:
    return await stage.held(state) == count
