"""Queues that an admin deletes while nobody consumes them, as a batch queue before its window; exchanges, bindings."""

from __future__ import annotations

import asyncio
from math import inf
from urllib.parse import urlsplit

import pytest

from deploy.services import PrivateBroker
from producers.amqp import Consumer, Publisher, Unroutable
from schemas.envelope import Lane
from schemas.topology import events_exchange, lane_queue, organisation_queues
from tests.support.amqp_links import Intake, consuming, publish, publishing
from tests.support.waiting import until


async def test_a_queue_found_missing_when_its_depth_is_asked_is_declared_again(
    amqp_url: str, unique_org: str, caplog: pytest.LogCaptureFixture
) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)
    async with consuming(amqp_url, queues) as intake, publishing(amqp_url, queues) as publisher:
        control = await intake.consumer._control_channel()
        await control.ask(control.raw.queue_delete, batch)
        with pytest.raises(Unroutable):
            await publish(publisher, f"{unique_org}.batch.order", "m1")

        assert await intake.consumer.depth(batch) == 0
        assert f"{batch} was not there any more, and is declared again" in caplog.messages

        await publish(publisher, f"{unique_org}.batch.order", "m1")
        await intake.consumer.start(batch, 5)
        await until(lambda: intake.ids() == ["m1"], what="a delivery from the new queue")


async def test_a_queue_whose_depth_is_asked_while_it_is_first_declared_was_not_missing(
    amqp_url: str, unique_org: str, caplog: pytest.LogCaptureFixture
) -> None:
    queues, last = organisation_queues(unique_org), lane_queue(unique_org, Lane.BACKFILL)
    async with consuming(amqp_url, ()) as intake:
        # as on a new connection, while it declares what it is to have
        intake.consumer._queues |= {queue.name: queue for queue in queues}
        _, depth = await asyncio.gather(intake.consumer._declare_all(), intake.consumer.depth(last))

    assert depth == 0
    assert not [said for said in caplog.messages if "any more" in said]


async def test_an_exchange_that_is_deleted_while_a_worker_runs_is_declared_again_with_its_bindings(
    amqp_url: str, unique_org: str, caplog: pytest.LogCaptureFixture
) -> None:
    queues, exchange = organisation_queues(unique_org), events_exchange(unique_org)
    async with (
        consuming(amqp_url, queues, lane_queue(unique_org, Lane.BATCH)) as intake,
        publishing(amqp_url, ()) as publisher,
    ):
        control = await intake.consumer._control_channel()
        await control.ask(control.raw.exchange_delete, exchange)

        await until(
            lambda: f"{exchange} was not there any more, and is declared again" in caplog.messages, what="a look"
        )
        await publish(publisher, f"{unique_org}.batch.order", "m1", exchange=exchange)

        await until(lambda: intake.ids() == ["m1"], what="the delivery")
        assert not intake.consumer.mismatches


async def test_a_binding_that_is_deleted_while_a_worker_runs_is_made_again(amqp_url: str, unique_org: str) -> None:
    queues, batch, exchange = (
        organisation_queues(unique_org),
        lane_queue(unique_org, Lane.BATCH),
        events_exchange(unique_org),
    )
    async with consuming(amqp_url, queues, batch) as intake, publishing(amqp_url, ()) as publisher:
        intake.consumer._bind_at = inf  # not before it is missed
        control = await intake.consumer._control_channel()
        key = f"{unique_org}.batch.order"
        await control.ask(control.raw.queue_unbind, batch, exchange, routing_key=key)
        with pytest.raises(Unroutable):
            await publish(publisher, key, "m1", exchange=exchange)

        await a_minute_later(intake.consumer)

        await assert_delivered(publisher, unique_org, intake)


async def test_an_exchange_that_others_make_anew_between_two_looks_is_bound_again(
    amqp_url: str, unique_org: str
) -> None:
    queues, batch, exchange = (
        organisation_queues(unique_org),
        lane_queue(unique_org, Lane.BATCH),
        events_exchange(unique_org),
    )
    async with consuming(amqp_url, queues, batch) as intake, publishing(amqp_url, ()) as publisher:
        async with intake.consumer._control_lock:
            control = await intake.consumer._control_channel()
            await control.ask(control.raw.exchange_delete, exchange)
            await control.ask(control.raw.exchange_declare, exchange, exchange_type="direct", durable=True)

        await a_minute_later(intake.consumer)

        await assert_delivered(publisher, unique_org, intake)


async def test_a_worker_that_may_not_declare_its_queues_leaves_their_bindings_to_who_may(
    private_broker: PrivateBroker, unique_org: str
) -> None:
    queues, key = organisation_queues(unique_org), f"{unique_org}.batch.order"
    batch, exchange, parts = (
        lane_queue(unique_org, Lane.BATCH),
        events_exchange(unique_org),
        urlsplit(private_broker.url),
    )
    async with publishing(private_broker.url, queues) as publisher:
        control = await publisher._control_channel()
        await control.ask(control.raw.queue_unbind, batch, exchange, routing_key=key)
        private_broker.ctl("add_user", unique_org, "open-sesame")
        private_broker.ctl("set_permissions", unique_org, "^$", ".*", ".*")
        url = parts._replace(netloc=f"{unique_org}:open-sesame@{parts.hostname}:{parts.port}").geturl()

        async with consuming(url, queues, batch) as intake:
            await a_minute_later(intake.consumer)

        with pytest.raises(Unroutable):
            await publish(publisher, key, "m1", exchange=exchange)


async def assert_delivered(publisher: Publisher, org: str, intake: Intake) -> None:
    """What is published for the batch lane arrives."""
    await publish(publisher, f"{org}.batch.order", "m1", exchange=events_exchange(org))
    await until(lambda: intake.ids() == ["m1"], what="the delivery")


async def a_minute_later(consumer: Consumer) -> None:
    """Each queue has had its turn."""
    for _ in range(len(consumer._to_bind)):
        consumer._bind_at = 0
        await consumer._mend()
