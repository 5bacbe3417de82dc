"""How much waits in queues, asked once."""

from __future__ import annotations

import asyncio

import pytest

from producers.amqp import BrokerSettings, ConnectionLost, depths
from schemas.envelope import Lane
from schemas.topology import lane_queue, organisation_queues
from tests.support.amqp_links import publish, publishing


async def test_depths_are_told_and_nothing_is_declared(amqp_url: str, unique_org: str) -> None:
    immediate, batch = lane_queue(unique_org, Lane.IMMEDIATE), lane_queue(unique_org, Lane.BATCH)
    async with publishing(amqp_url, organisation_queues(unique_org)) as publisher:
        for number in range(3):
            await publish(publisher, f"{unique_org}.batch.order", f"m{number}")

    async with asyncio.timeout(30):
        while not (first := await depths(BrokerSettings(amqp_url), [immediate, "xerelay.nowhere.batch", batch]))[batch]:
            pass  # a busy broker answers 0 for a queue that is silent for 250 ms
    second = await depths(BrokerSettings(amqp_url), ["xerelay.nowhere.batch"])

    assert first == {immediate: 0, "xerelay.nowhere.batch": None, batch: 3}
    assert second == {"xerelay.nowhere.batch": None}


async def test_a_broker_that_is_not_there_is_told() -> None:
    with pytest.raises(ConnectionLost):
        await depths(BrokerSettings("amqp://127.0.0.1:1/"), ["xerelay.main.batch"])
