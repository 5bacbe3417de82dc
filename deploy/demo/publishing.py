"""Publishes the demo's day: every message confirmed by the broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType

from deploy.demo.day import Day, bodies
from producers.amqp import BrokerSettings, Publisher
from schemas.entities import Entity
from schemas.envelope import CONTENT_TYPE, Lane
from schemas.topology import EVENTS, EXCHANGES, event_key, organisation_queues

_AT_ONCE = 100


async def publish(
    day: Day,
    broker_url: str,
    organisation: str,
    count: Callable[[int], None],
    lanes: Mapping[Entity, Lane] = MappingProxyType({}),
) -> None:
    """Publish everything, bad messages included; `count` hears of each confirm. Entities not in `lanes` go at once."""
    publisher = Publisher(BrokerSettings(url=broker_url), exchanges=EXCHANGES, queues=organisation_queues(organisation))
    connection = asyncio.create_task(publisher.run())
    places = asyncio.Semaphore(_AT_ONCE)
    confirmed = 0

    async def one(entity: Entity, message_id: str, body: bytes) -> None:
        nonlocal confirmed
        async with places:
            await publisher.publish(
                exchange=EVENTS,
                routing_key=event_key(organisation, lanes.get(entity, Lane.IMMEDIATE), entity),
                body=body,
                message_id=message_id,
                content_type=CONTENT_TYPE,
            )
        confirmed += 1
        count(confirmed)

    try:
        async with asyncio.TaskGroup() as tasks:
            for entity, message_id, body in bodies(day):
                tasks.create_task(one(entity, message_id, body))
    finally:
        await publisher.stop(5.0)
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)
