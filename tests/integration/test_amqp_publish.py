"""Publishing to a real broker: what a confirm means, and every way it can fail to come."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from deploy.services import PrivateBroker
from producers.amqp import BrokerSettings, ConfirmTimeout, ConnectionLost, Nacked, Publisher, Unroutable
from schemas.envelope import Lane
from schemas.topology import EVENTS, Binding, Queue, lane_queue, organisation_queues
from tests.support.amqp_links import Proxy, consuming, depth_of, publish, publishing
from tests.support.waiting import let_pass, until

CONFIRM_S = 30


async def test_confirmed_messages_are_in_the_queue(amqp_url: str, unique_org: str) -> None:
    queues = organisation_queues(unique_org)
    async with publishing(amqp_url, queues) as publisher:
        await asyncio.gather(*(publish(publisher, f"{unique_org}.batch.order", f"m{n}") for n in range(500)))

    async with consuming(amqp_url, queues) as intake:
        assert await depth_of(intake.consumer, lane_queue(unique_org, Lane.BATCH)) == 500


async def test_message_arrives_with_its_properties(amqp_url: str, unique_org: str) -> None:
    queues = organisation_queues(unique_org)
    async with publishing(amqp_url, queues) as publisher:
        await publish(publisher, f"{unique_org}.immediate.order", "m1", b'{"a":1}')

    async with consuming(amqp_url, queues, lane_queue(unique_org, Lane.IMMEDIATE)) as intake:
        await until(lambda: intake.held, what="the delivery")

        delivery = intake.held[0]
        assert (delivery.body, delivery.message_id) == (b'{"a":1}', "m1")
        assert delivery.routing_key == f"{unique_org}.immediate.order"
        assert (delivery.redelivered, delivery.delivery_count) == (False, 0)


async def test_message_no_queue_takes_is_unroutable_and_others_are_not(amqp_url: str, unique_org: str) -> None:
    async with publishing(amqp_url, organisation_queues(unique_org)) as publisher:
        results = await asyncio.gather(
            publish(publisher, f"{unique_org}.nowhere.order", "same"),
            publish(publisher, f"{unique_org}.batch.order", "same"),
            publish(publisher, f"{unique_org}.nowhere.order", "same"),
            return_exceptions=True,
        )

        assert [type(result) for result in results] == [Unroutable, type(None), Unroutable]
        assert f"{unique_org}.nowhere.order" in str(results[0])


async def test_full_queue_nacks(amqp_url: str, unique_org: str) -> None:
    arguments = {"x-queue-type": "quorum", "x-max-length": 5, "x-overflow": "reject-publish"}
    small = Queue(f"xerelay.{unique_org}.small", (Binding(EVENTS, f"{unique_org}.small"),), arguments)
    async with publishing(amqp_url, [small]) as publisher:

        async def publish_one_by_one(count: int) -> None:
            for n in range(count):
                await publish(publisher, f"{unique_org}.small", f"m{n}")

        await publish_one_by_one(5)
        with pytest.raises(Nacked, match="queue may be full"):
            await publish_one_by_one(50)  # the limit takes hold a little late


async def test_missing_exchange_fails_what_is_under_way_and_the_link_comes_back(
    amqp_url: str, unique_org: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with publishing(amqp_url, organisation_queues(unique_org)) as publisher:
        with pytest.raises(ConnectionLost, match="no exchange"):
            await publish(publisher, "any", "m1", exchange=f"missing.{unique_org}")

        await publish(publisher, f"{unique_org}.batch.order", "m2")
        assert publisher.reconnects == 1
    lost, back = [one.getMessage() for one in caplog.records if one.name == "producers.amqp.link"]
    assert (lost[:10], back) == ("no broker:", "the broker answers again")


async def test_confirm_that_does_not_come_times_out_and_drops_the_connection(amqp_url: str, unique_org: str) -> None:
    parts = urlsplit(amqp_url)
    proxy = Proxy(parts.port or 5672)
    async with proxy.listening() as port:
        url = parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}").geturl()
        async with publishing(url, organisation_queues(unique_org), confirm_timeout_s=CONFIRM_S) as publisher:
            proxy.muted = True
            unheard = asyncio.create_task(publish(publisher, f"{unique_org}.batch.order", "m1"))
            await until(lambda: publisher.unconfirmed, what="the message sent")
            let_pass(CONFIRM_S + 1)
            with pytest.raises(ConfirmTimeout, match="within 30 s"):
                await unheard
            proxy.muted = False

            await publish(publisher, f"{unique_org}.batch.order", "m1")
            assert publisher.reconnects >= 1


async def test_window_bounds_what_is_under_way(amqp_url: str, unique_org: str) -> None:
    seen = 0
    async with publishing(amqp_url, organisation_queues(unique_org), window=3) as publisher:

        async def watched(n: int) -> None:
            nonlocal seen
            await publish(publisher, f"{unique_org}.batch.order", f"m{n}")
            seen = max(seen, len(publisher._pending))

        await asyncio.gather(*(watched(n) for n in range(100)))

    assert 0 < seen <= 3


async def test_cancelled_publish_gives_its_place_back(amqp_url: str, unique_org: str) -> None:
    async with publishing(amqp_url, organisation_queues(unique_org), window=1) as publisher:
        tasks = [asyncio.create_task(publish(publisher, f"{unique_org}.batch.order", f"m{n}")) for n in range(5)]
        await asyncio.sleep(0)
        for task in tasks[:4]:
            task.cancel()

        await asyncio.wait_for(tasks[4], 30)
        await asyncio.wait_for(publish(publisher, f"{unique_org}.batch.order", "m5"), 30)


async def test_stopped_publisher_refuses(amqp_url: str, unique_org: str) -> None:
    async with publishing(amqp_url, organisation_queues(unique_org)) as publisher:
        await publisher.stop()

        with pytest.raises(ConnectionLost, match="stopped"):
            await publish(publisher, f"{unique_org}.batch.order", "m1")


async def test_stop_before_a_connection_frees_who_waits(unique_org: str) -> None:
    publisher = Publisher(BrokerSettings("amqp://127.0.0.1:9/"), queues=())
    running = asyncio.create_task(publisher.run())
    waiting = asyncio.create_task(publish(publisher, f"{unique_org}.batch.order", "m1"))
    await until(lambda: publisher.last_error, what="the refused connection")

    await publisher.stop()

    with pytest.raises(ConnectionLost):
        await waiting
    await running


async def test_blocking_broker_pauses_publishing_and_expires_no_confirm(
    private_broker: PrivateBroker, unique_org: str
) -> None:
    key = f"{unique_org}.batch.order"
    async with publishing(
        private_broker.url, organisation_queues(unique_org), confirm_timeout_s=CONFIRM_S
    ) as publisher:
        await publish(publisher, key, "before")
        await asyncio.to_thread(private_broker.ctl, "set_vm_memory_high_watermark", "0.00001")
        first = asyncio.create_task(publish(publisher, key, "first"))
        await until(lambda: publisher.blocked, what="the broker's notice")

        second = asyncio.create_task(publish(publisher, key, "second"))
        let_pass(CONFIRM_S + 1)
        await asyncio.sleep(0.1)  # for who watches the confirms to look at them
        assert not first.done()
        assert not second.done()
        assert len(publisher._pending) == 1

        await asyncio.to_thread(private_broker.ctl, "set_vm_memory_high_watermark", "0.6")
        await asyncio.wait_for(asyncio.gather(first, second), 60)
        assert not publisher.blocked
        assert publisher.reconnects == 0


async def test_refused_password_is_told_but_not_shown(amqp_url: str, caplog: pytest.LogCaptureFixture) -> None:
    parts = urlsplit(amqp_url)
    url = parts._replace(netloc=f"xerelay:hunter2@{parts.hostname}:{parts.port}").geturl()
    publisher = Publisher(BrokerSettings(url), queues=())
    running = asyncio.create_task(publisher.run())

    await until(lambda: publisher.last_error, what="the refusal")
    await publisher.stop()
    await running

    assert "ACCESS_REFUSED" in str(publisher.last_error)
    assert ": mend user and password in broker.url, or create the user (rabbitmqctl add_user); tried" in caplog.text
    assert "hunter2" not in caplog.text + repr(publisher.last_error)
