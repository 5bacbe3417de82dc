"""Consuming from a real broker: what is held, acked, returned, and what a cancel leaves alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec import structs

from producers.amqp import ChannelClosed, Delivery
from schemas.envelope import Lane
from schemas.topology import lane_queue, organisation_queues
from tests.support.amqp_links import Intake, consuming, depth_of, publish, publishing
from tests.support.waiting import until


async def fill(url: str, org: str, count: int, lane: str = "batch") -> None:
    async with publishing(url, organisation_queues(org)) as publisher:
        await asyncio.gather(*(publish(publisher, f"{org}.{lane}.order", f"{lane}{n}") for n in range(count)))


@asynccontextmanager
async def holding_two_and_one(url: str, org: str) -> AsyncIterator[Intake]:
    """Two deliveries of the batch queue and one of the immediate queue."""
    await fill(url, org, 2)
    await fill(url, org, 1, lane="immediate")
    queues = lane_queue(org, Lane.BATCH), lane_queue(org, Lane.IMMEDIATE)
    async with consuming(url, organisation_queues(org), *queues) as intake:
        await until(lambda: len(intake.held) == 3, what="all deliveries")
        yield intake


async def test_acked_messages_are_gone_and_others_come_again(amqp_url: str, unique_org: str) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)
    await fill(amqp_url, unique_org, 10)
    async with consuming(amqp_url, queues, batch) as intake:
        await until(lambda: len(intake.held) == 10, what="all deliveries")
        for delivery in intake.held[:6]:
            intake.consumer.ack(delivery)

    async with consuming(amqp_url, queues, batch) as second:
        await until(lambda: len(second.held) == 4, what="the rest")

        assert second.ids() == [f"batch{n}" for n in range(6, 10)]
        assert all(delivery.redelivered and delivery.delivery_count == 1 for delivery in second.held)


async def test_prefetch_bounds_what_is_held(amqp_url: str, unique_org: str) -> None:
    batch = lane_queue(unique_org, Lane.BATCH)
    await fill(amqp_url, unique_org, 10)
    async with consuming(amqp_url, organisation_queues(unique_org), batch, prefetch=3) as intake:
        await until(lambda: len(intake.held) == 3, what="the first three")

        assert await depth_of(intake.consumer, batch) == 7

        await intake.consumer.start(batch, 5)
        await until(lambda: len(intake.held) >= 8, what="more under a larger prefetch")


async def test_given_back_message_comes_again_and_is_counted(amqp_url: str, unique_org: str) -> None:
    batch = lane_queue(unique_org, Lane.BATCH)
    await fill(amqp_url, unique_org, 1)
    async with consuming(amqp_url, organisation_queues(unique_org), batch) as intake:
        await until(lambda: len(intake.held) == 1, what="the delivery")

        intake.consumer.give_back(intake.held[0])

        await until(lambda: len(intake.held) == 2, what="the second delivery")
        assert intake.held[1].delivery_count == 1


async def test_cancel_keeps_what_is_held_ackable(amqp_url: str, unique_org: str) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)
    await fill(amqp_url, unique_org, 10)
    async with consuming(amqp_url, queues, batch, prefetch=4) as intake:
        await until(lambda: len(intake.held) == 4, what="the first four")

        await intake.consumer.cancel(batch)
        await intake.consumer.cancel(batch)

        assert await depth_of(intake.consumer, batch) == 6
        for delivery in intake.held:
            intake.consumer.ack(delivery)
        await intake.consumer.start(batch, 50)
        await until(lambda: len(intake.held) == 10, what="the rest after the second start")
        assert all(delivery.delivery_count == 0 for delivery in intake.held)
        assert intake.lost == []


async def test_cancel_in_the_flood_loses_and_repeats_nothing(amqp_url: str, unique_org: str) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)
    await fill(amqp_url, unique_org, 2000)
    async with consuming(amqp_url, queues, ack=True) as intake:
        for _ in range(20):
            before = len(intake.held)
            await intake.consumer.start(batch, 200)
            await until(lambda before=before: len(intake.held) > before or len(intake.held) == 2000)  # type: ignore[misc]  # mypy cannot type a lambda's default
            await intake.consumer.cancel(batch)
        await intake.consumer.start(batch, 200)
        await until(lambda: len(intake.held) >= 2000, what="all deliveries")

        assert len(set(intake.ids())) == len(intake.held) == 2000


async def test_refused_ack_on_one_queue_does_not_hurt_another(amqp_url: str, unique_org: str) -> None:
    batch, immediate = lane_queue(unique_org, Lane.BATCH), lane_queue(unique_org, Lane.IMMEDIATE)
    async with holding_two_and_one(amqp_url, unique_org) as intake:
        kept = next(delivery for delivery in intake.held if delivery.queue == immediate)
        refused = structs.replace(next(delivery for delivery in intake.held if delivery.queue == batch), tag=99)

        intake.consumer.ack(refused)

        await until(lambda: intake.lost == [batch], what="the loss of one channel")
        await until(lambda: len(intake.held) == 5, what="the redelivery")
        intake.consumer.ack(kept)
        assert intake.consumer.reconnects == 0
        assert all(delivery.queue == batch and delivery.delivery_count == 1 for delivery in intake.held[3:])


async def test_what_is_done_of_several_queues_is_acknowledged_together(amqp_url: str, unique_org: str) -> None:
    batch, immediate = lane_queue(unique_org, Lane.BATCH), lane_queue(unique_org, Lane.IMMEDIATE)
    async with holding_two_and_one(amqp_url, unique_org) as intake:
        first, last, between = sorted(intake.held, key=lambda delivery: delivery.queue)

        intake.consumer.ack(first, between, last)

        await intake.consumer.cancel(batch)  # a round trip on each channel
        await intake.consumer.cancel(immediate)

    async with consuming(amqp_url, organisation_queues(unique_org)) as intake:
        assert [await depth_of(intake.consumer, queue) for queue in (batch, immediate)] == [0, 0]


async def test_ack_of_an_earlier_channel_does_nothing(amqp_url: str, unique_org: str) -> None:
    batch = lane_queue(unique_org, Lane.BATCH)
    await fill(amqp_url, unique_org, 1)
    async with consuming(amqp_url, organisation_queues(unique_org), batch) as intake:
        await until(lambda: len(intake.held) == 1, what="the delivery")
        intake.consumer.ack(structs.replace(intake.held[0], tag=99))
        await until(lambda: len(intake.held) == 2, what="the redelivery on a new channel")
        old, new = intake.held
        assert old.tag == new.tag

        intake.consumer.ack(old)
        intake.consumer.give_back(old)
        await intake.consumer.cancel(batch)  # a round trip on the channel: anything sent would have been done

        assert await intake.consumer.depth(batch) == 0
        intake.consumer.give_back(new)
        assert await depth_of(intake.consumer, batch) == 1


async def test_deleted_queue_is_declared_and_consumed_again(amqp_url: str, unique_org: str) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)
    async with consuming(amqp_url, queues, batch) as intake, publishing(amqp_url, queues) as publisher:
        before = intake.consumer._subscriptions[batch].consumer_tag
        control = await intake.consumer._control_channel()
        await control.ask(control.raw.queue_delete, batch)

        await until(
            lambda: intake.consumer._subscriptions[batch].consumer_tag not in {before, None}, what="the new consumer"
        )
        await publish(publisher, f"{unique_org}.batch.order", "m1")
        await until(lambda: intake.ids() == ["m1"], what="a delivery from the new queue")


async def test_depth_of_a_missing_queue_is_told_and_leaves_others_alone(amqp_url: str, unique_org: str) -> None:
    async with consuming(amqp_url, organisation_queues(unique_org)) as intake:
        with pytest.raises(ChannelClosed, match="404"):
            await intake.consumer.depth(f"missing.{unique_org}")

        assert await intake.consumer.depth(lane_queue(unique_org, Lane.BATCH)) == 0


async def test_delivery_that_cannot_be_taken_goes_back(amqp_url: str, unique_org: str) -> None:
    batch = lane_queue(unique_org, Lane.BATCH)
    await fill(amqp_url, unique_org, 1)
    async with consuming(amqp_url, organisation_queues(unique_org)) as intake:
        take = intake.take

        def fail_first(*deliveries: Delivery) -> None:
            if deliveries[0].delivery_count == 0:
                raise RuntimeError("no room")
            take(*deliveries)

        intake.consumer._on_deliveries = fail_first
        await intake.consumer.start(batch, 5)

        await until(lambda: len(intake.held) == 1, what="the second delivery")
        assert intake.held[0].delivery_count == 1


async def test_start_while_the_link_comes_up_consumes_a_queue_that_is_only_just_declared(
    amqp_url: str, unique_org: str
) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)
    intake = Intake(amqp_url, queues)
    running = asyncio.create_task(intake.consumer.run())
    while not intake.consumer.connected.is_set():
        await intake.consumer.start(batch, 5)
        await asyncio.sleep(0)

    async with publishing(amqp_url, queues) as publisher:
        await publish(publisher, f"{unique_org}.batch.order", "m1")
    await until(lambda: intake.held, what="the delivery")
    assert intake.lost == []

    await intake.consumer.stop()
    await running
    assert intake.lost == [batch]


async def test_a_start_that_is_cancelled_on_its_way_can_still_be_cancelled(amqp_url: str, unique_org: str) -> None:
    batch = lane_queue(unique_org, Lane.BATCH)
    await fill(amqp_url, unique_org, 10)
    for moment_s in (0.0, 0.001, 0.002, 0.004, 0.008):
        async with consuming(amqp_url, organisation_queues(unique_org)) as first:
            starting = asyncio.create_task(first.consumer.start(batch, 5))
            await asyncio.sleep(moment_s)
            starting.cancel()
            await first.consumer.cancel(batch)
            for delivery in first.held:
                first.consumer.give_back(delivery)

            async with consuming(amqp_url, organisation_queues(unique_org), batch) as second:
                await until(lambda: len(set(second.ids())) == 10, what="all of them for who consumes now")
