"""Reading paused: the flood stays in the socket and at the broker, and the connection lives on."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref

import pytest

from producers.amqp import ConnectionLost, Delivery
from schemas.envelope import Lane
from schemas.topology import lane_queue, organisation_queues
from tests.support.amqp_links import Intake, consuming, publish, publishing
from tests.support.waiting import until

MEGABYTE = 1_000_000


async def publish_large(url: str, org: str, count: int, *, megabytes: int = 5) -> None:
    body = b"x" * (megabytes * MEGABYTE)
    async with publishing(url, organisation_queues(org), window=4) as publisher:
        await asyncio.gather(*(publish(publisher, f"{org}.batch.order", f"m{n}", body) for n in range(count)))


def pausing_at_first(intake: Intake) -> None:
    take = intake.take

    def take_and_pause(*deliveries: Delivery) -> None:
        take(*deliveries)
        if len(intake.held) == 1:
            intake.consumer.pause_reading()

    intake.consumer._on_deliveries = take_and_pause


async def nothing_more(intake: Intake, seconds: float) -> bool:
    """Whether no further delivery comes in `seconds`."""
    held, end = len(intake.held), time.monotonic() + seconds
    while time.monotonic() < end:
        if len(intake.held) > held:
            return False
        await asyncio.sleep(0.02)
    return True


async def test_paused_reading_bounds_what_arrives(amqp_url: str, unique_org: str) -> None:
    batch = lane_queue(unique_org, Lane.BATCH)
    await publish_large(amqp_url, unique_org, 40)
    async with consuming(amqp_url, organisation_queues(unique_org), ack=True) as intake:
        pausing_at_first(intake)
        await intake.consumer.start(batch, 100)
        await until(lambda: intake.held, what="the first delivery")

        assert await nothing_more(intake, 2)
        assert len(intake.held) == 1

        intake.consumer.resume_reading()
        await until(lambda: len(intake.held) == 40, what="all deliveries")
        assert len(set(intake.ids())) == 40


@pytest.mark.long
async def test_long_pause_does_not_look_like_a_dead_peer(amqp_url: str, unique_org: str) -> None:
    batch = lane_queue(unique_org, Lane.BATCH)
    # at the 200 kB a second that are read in spite of the pause the second one takes a minute
    await publish_large(amqp_url, unique_org, 4, megabytes=12)
    async with consuming(amqp_url, organisation_queues(unique_org), ack=True, heartbeat_s=5) as intake:
        pausing_at_first(intake)
        await intake.consumer.start(batch, 100)
        await until(lambda: intake.held, what="the first delivery")

        # pika hangs up after 10 s without a byte, and sees it as late after those
        assert await nothing_more(intake, 22)

        intake.consumer.resume_reading()
        await until(lambda: len(intake.held) == 4, what="all deliveries")
        assert intake.lost == []
        assert intake.consumer.reconnects == 0


async def test_a_connection_lost_while_reading_is_paused_leaves_nothing_behind(amqp_url: str, unique_org: str) -> None:
    async with consuming(amqp_url, organisation_queues(unique_org)) as intake:
        connection = intake.consumer._connection
        assert connection is not None
        gate = weakref.ref(connection.gate)
        intake.consumer.pause_reading()
        connection.drop(ConnectionLost("by the test"))
        del connection
        await until(lambda: intake.consumer.reconnects and intake.consumer.connected.is_set(), what="the next one")

        gc.collect()

        assert gate() is None
