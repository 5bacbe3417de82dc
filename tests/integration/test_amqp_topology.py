"""The declared topology on a real broker: dead letters, bindings, and what an admin must mend."""

from __future__ import annotations

from typing import Any

import pika
import pytest

from producers.amqp import Delivery, TopologyMismatch, Unroutable
from schemas.envelope import Lane
from schemas.topology import (
    DELIVERY_LIMIT,
    EVENTS,
    Exchange,
    dead_queue,
    events_exchange,
    lane_queue,
    organisation_queues,
    store_commands,
    store_queues,
)
from tests.support.amqp_links import consuming, publish, publishing
from tests.support.waiting import until


def on_broker(url: str, method: str, *args: Any, **kwargs: Any) -> None:
    """What an admin does to a queue behind our back."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        getattr(connection.channel(), method)(*args, **kwargs)


async def test_message_beyond_the_delivery_limit_lands_in_the_dead_queue(amqp_url: str, unique_org: str) -> None:
    queues = organisation_queues(unique_org)
    batch, dead = lane_queue(unique_org, Lane.BATCH), dead_queue(unique_org)
    async with publishing(amqp_url, queues) as publisher:
        await publish(publisher, f"{unique_org}.batch.order", "poison")
    async with consuming(amqp_url, queues, dead) as intake:
        seen: list[Delivery] = []

        def give_back_unless_dead(*deliveries: Delivery) -> None:
            for delivery in deliveries:
                seen.append(delivery)
                if delivery.queue == batch:
                    intake.consumer.give_back(delivery)

        intake.consumer._on_deliveries = give_back_unless_dead
        await intake.consumer.start(batch, 1)

        await until(lambda: intake.held, what="the dead letter")
        assert intake.ids() == ["poison"]
        assert [delivery.delivery_count for delivery in seen] == list(range(DELIVERY_LIMIT + 1))
        assert intake.held[0].died_of == "delivery_limit"


@pytest.mark.parametrize("lane", Lane)
async def test_an_event_comes_into_its_lane_by_either_exchange(amqp_url: str, unique_org: str, lane: Lane) -> None:
    queues, key = organisation_queues(unique_org), f"{unique_org}.{lane}.order"
    async with (
        publishing(amqp_url, queues) as publisher,
        consuming(amqp_url, queues, lane_queue(unique_org, lane)) as intake,
    ):
        await publish(publisher, key, "m1", exchange=EVENTS)
        await publish(publisher, key, "m2", exchange=events_exchange(unique_org))

        await until(lambda: len(intake.held) == 2, what="both deliveries")
        assert {(one.message_id, one.routing_key) for one in intake.held} == {("m1", key), ("m2", key)}


async def test_an_entity_that_nobody_knows_reaches_the_worker_by_the_topic_exchange_and_no_queue_by_the_direct_one(
    amqp_url: str, unique_org: str
) -> None:
    queues, key = organisation_queues(unique_org), f"{unique_org}.batch.shipment"
    async with (
        publishing(amqp_url, queues) as publisher,
        consuming(amqp_url, queues, lane_queue(unique_org, Lane.BATCH)) as intake,
    ):
        await publish(publisher, key, "m1", exchange=EVENTS)
        with pytest.raises(Unroutable):
            await publish(publisher, key, "m2", exchange=events_exchange(unique_org))

        await until(lambda: intake.ids() == ["m1"], what="the delivery")


async def test_a_dead_letter_says_what_it_died_of(amqp_url: str, unique_org: str) -> None:
    queues, dead = organisation_queues(unique_org), dead_queue(unique_org)
    async with consuming(amqp_url, queues, dead) as intake:
        on_an_odd_way(amqp_url, unique_org)

        await until(lambda: len(intake.held) == 2, what="both dead letters")
        assert {one.body: one.died_of for one in intake.held} == {b"late": "expired", b"unwanted": "rejected"}


def on_an_odd_way(url: str, org: str) -> None:
    """Messages that die of what no worker does to them."""
    batch, key = lane_queue(org, Lane.BATCH), f"{org}.batch.order"
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish(EVENTS, key, b"unwanted")
        method, _, _ = channel.basic_get(batch)
        channel.basic_reject(method.delivery_tag, requeue=False)
        channel.basic_publish(EVENTS, key, b"late", pika.BasicProperties(expiration="1"))


async def test_mismatch_reaches_whoever_publishes_to_it_with_the_remedy_and_ends_with_it(
    amqp_url: str, unique_org: str
) -> None:
    batch = lane_queue(unique_org, Lane.BATCH)
    on_broker(amqp_url, "queue_declare", batch, durable=True)
    on_broker(amqp_url, "queue_bind", batch, "xerelay.events", f"{unique_org}.batch.*")
    async with publishing(amqp_url, organisation_queues(unique_org)) as publisher:
        with pytest.raises(TopologyMismatch) as refused:
            await publish(publisher, f"{unique_org}.batch.order", "m1")
        assert batch in str(refused.value)
        assert "inequivalent arg" in str(refused.value)
        assert f"rabbitmqctl delete_queue {batch}" in str(refused.value)

        on_broker(amqp_url, "queue_delete", batch, if_empty=True)

        await until(lambda: not publisher.mismatches, what="the new declaration")
        await publish(publisher, f"{unique_org}.batch.order", "m2")


async def test_mismatch_of_one_queue_leaves_the_others_published_to_and_is_logged_once(
    amqp_url: str, unique_org: str, caplog: pytest.LogCaptureFixture
) -> None:
    batch, immediate = lane_queue(unique_org, Lane.BATCH), lane_queue(unique_org, Lane.IMMEDIATE)
    queues = organisation_queues(unique_org)
    on_broker(amqp_url, "queue_declare", batch, durable=True)
    async with publishing(amqp_url, queues) as publisher, consuming(amqp_url, queues, immediate) as intake:
        await publish(publisher, f"{unique_org}.immediate.order", "m1")
        await publish(publisher, f"{unique_org}.release", "m2", exchange="xerelay.commands")
        with pytest.raises(Unroutable):
            await publish(publisher, f"{unique_org}_other.immediate.order", "m3")

        await publisher._mend()
        await until(lambda: intake.ids() == ["m1"], what="the delivery of the sound queue")

    told = [record.getMessage() for record in caplog.records if "cannot be declared" in record.getMessage()]
    assert len(told) == 2  # the publisher's and the consumer's
    assert batch in told[0]


async def test_mismatch_of_an_exchange_keeps_all_from_being_published_to_it_and_to_no_other(
    amqp_url: str, unique_org: str
) -> None:
    exchange = Exchange(f"{unique_org}.events")
    on_broker(amqp_url, "exchange_declare", exchange.name, exchange_type="direct", durable=True)
    queues = organisation_queues(unique_org)
    async with publishing(amqp_url, queues, exchanges=(exchange,)) as publisher:
        with pytest.raises(TopologyMismatch, match=exchange.name):
            await publish(publisher, f"{unique_org}.immediate.order", "m1", exchange=exchange.name)

        await publish(publisher, f"{unique_org}.immediate.order", "m2")

    on_broker(amqp_url, "exchange_delete", exchange.name)


async def test_queues_are_bound_to_an_exchange_that_was_mended(amqp_url: str, unique_org: str) -> None:
    exchange = events_exchange(unique_org)
    on_broker(amqp_url, "exchange_declare", exchange, exchange_type="topic", durable=True)
    immediate = lane_queue(unique_org, Lane.IMMEDIATE)
    async with (
        consuming(amqp_url, organisation_queues(unique_org), immediate) as intake,
        publishing(amqp_url, ()) as publisher,
    ):
        assert list(intake.consumer.mismatches) == [exchange]

        on_broker(amqp_url, "exchange_delete", exchange)

        await until(lambda: not intake.consumer.mismatches, what="the new declaration")
        await publish(publisher, f"{unique_org}.immediate.order", "m1", exchange=exchange)
        await until(lambda: intake.ids() == ["m1"], what="the delivery")


async def test_mismatch_of_one_queue_leaves_the_others_consumed(amqp_url: str, unique_org: str) -> None:
    batch, immediate = lane_queue(unique_org, Lane.BATCH), lane_queue(unique_org, Lane.IMMEDIATE)
    queues = organisation_queues(unique_org)
    on_broker(amqp_url, "queue_declare", batch, durable=True)
    async with consuming(amqp_url, queues, immediate) as intake:
        with pytest.raises(TopologyMismatch):
            await intake.consumer.start(batch, 5)
        on_broker(amqp_url, "basic_publish", "xerelay.events", f"{unique_org}.immediate.order", b"{}")
        await until(lambda: len(intake.held) == 1, what="a delivery of the sound queue")

        on_broker(amqp_url, "queue_delete", batch)

        await until(lambda: not intake.consumer.mismatches, what="the new declaration")
        on_broker(amqp_url, "basic_publish", "xerelay.events", f"{unique_org}.batch.order", b"{}")
        await until(lambda: len(intake.held) == 2, what="a delivery of the mended queue")


async def test_mismatch_is_logged_once(amqp_url: str, unique_org: str, caplog: pytest.LogCaptureFixture) -> None:
    batch = lane_queue(unique_org, Lane.BATCH)
    on_broker(amqp_url, "queue_declare", batch, durable=True)
    async with consuming(amqp_url, organisation_queues(unique_org)) as intake:
        for _ in range(3):
            await intake.consumer._mend()

    assert sum("cannot be declared" in record.getMessage() for record in caplog.records) == 1


async def test_queues_of_organisations_and_stores_are_declared_and_bound(amqp_url: str, unique_org: str) -> None:
    store = f"{unique_org}_store"
    queues = (*organisation_queues(unique_org), *store_queues(store))
    async with (
        consuming(amqp_url, queues, lane_queue(unique_org, Lane.IMMEDIATE), store_commands(store)) as intake,
        publishing(amqp_url, ()) as publisher,
    ):
        await publish(publisher, f"{unique_org}.immediate.order", "m1")
        await publish(publisher, f"{store}.resync-all", "m2", exchange="xerelay.commands")

        await until(lambda: sorted(intake.ids()) == ["m1", "m2"], what="both deliveries")
