"""The broker dies by SIGKILL and comes back: nothing confirmed or wanted is lost."""

from __future__ import annotations

import asyncio

import pytest

from deploy.services import PrivateBroker
from producers.amqp import AmqpError, Publisher
from schemas.envelope import Lane
from schemas.topology import lane_queue, organisation_queues
from tests.support.amqp_links import consuming, publish, publishing, written_down
from tests.support.waiting import until

COUNT = 2000


async def publish_until_confirmed(publisher: Publisher, key: str, message_id: str) -> None:
    for _ in range(100):
        try:
            return await publish(publisher, key, message_id)
        except AmqpError:
            continue
    raise AssertionError(f"{message_id} was never confirmed")


async def settle(broker: PrivateBroker, publisher: Publisher, key: str) -> None:
    """A quorum queue killed within its first moments may stay stuck: let it confirm once and write that down."""
    await publish(publisher, key, "first")
    await asyncio.to_thread(written_down, broker)


async def restart(broker: PrivateBroker) -> None:
    await asyncio.to_thread(broker.kill)
    await asyncio.to_thread(broker.start)


async def test_nothing_is_lost_when_the_broker_is_killed_amid_publishing(
    private_broker: PrivateBroker, unique_org: str
) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)
    key = f"{unique_org}.batch.order"
    async with (
        publishing(private_broker.url, queues) as publisher,
        consuming(private_broker.url, queues, batch, ack=True) as intake,
    ):
        await settle(private_broker, publisher, key)
        work = asyncio.gather(*(publish_until_confirmed(publisher, key, f"m{n}") for n in range(COUNT)))
        await until(lambda: len(intake.held) > COUNT // 10, what="the first deliveries")

        await restart(private_broker)
        await asyncio.wait_for(work, 90)

        wanted = {f"m{n}" for n in range(COUNT)}
        await until(lambda: wanted <= set(intake.ids()), timeout_s=60, what="every message")
        assert publisher.reconnects >= 1


async def test_consumer_goes_on_by_itself_and_old_acks_are_void(private_broker: PrivateBroker, unique_org: str) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)
    async with (
        publishing(private_broker.url, queues) as publisher,
        consuming(private_broker.url, queues, batch) as intake,
    ):
        await settle(private_broker, publisher, f"{unique_org}.batch.order")
        await until(lambda: len(intake.held) == 1, what="the delivery")
        old = intake.held[0]

        await restart(private_broker)

        await until(lambda: intake.lost == [batch], what="the news of the loss")
        await until(lambda: len(intake.held) == 2, what="the redelivery")
        intake.consumer.ack(old)
        new = intake.held[1]
        assert new.message_id == old.message_id
        assert new.epoch != old.epoch
        assert new.redelivered
        intake.consumer.ack(new)
        await intake.consumer.cancel(batch)
        assert await intake.consumer.depth(batch) == 0


async def cut_off(broker: PrivateBroker) -> None:
    """Every connection, by the broker itself."""
    await asyncio.to_thread(broker.ctl, "close_all_connections", "a test")


async def test_what_is_given_back_amid_the_loss_of_a_connection_comes_again(
    private_broker: PrivateBroker, unique_org: str
) -> None:
    queues = organisation_queues(unique_org)
    lanes = {lane: lane_queue(unique_org, lane) for lane in (Lane.BATCH, Lane.IMMEDIATE)}
    async with publishing(private_broker.url, queues) as publisher:
        for lane in lanes:
            await publish(publisher, f"{unique_org}.{lane}.order", lane)
    async with consuming(private_broker.url, queues, *lanes.values()) as intake:
        await until(lambda: len(intake.held) == 2, what="both deliveries")
        old = list(intake.held)

        def give_back_all(_queue: str) -> None:
            for delivery in old:
                intake.consumer.give_back(delivery)
                intake.consumer.ack(delivery)

        intake.when_lost = give_back_all
        await cut_off(private_broker)

        await until(lambda: len(intake.held) == 4, what="both again")
        assert sorted(intake.lost) == sorted(lanes.values())


async def test_a_defect_in_what_follows_a_loss_does_not_end_the_link(
    private_broker: PrivateBroker, unique_org: str, caplog: pytest.LogCaptureFixture
) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)

    def fail(_queue: str) -> None:
        raise RuntimeError("a defect of ours")

    async with consuming(private_broker.url, queues, batch) as intake:
        intake.when_lost = fail
        await cut_off(private_broker)
        await until(lambda: intake.consumer.reconnects == 1, what="another connection")
        intake.when_lost = None

    assert "a defect of ours" in caplog.text
