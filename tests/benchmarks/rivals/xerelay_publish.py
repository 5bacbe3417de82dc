"""Publishes COUNT messages of SIZE bytes to the organisation QUEUE with our publisher, WINDOW at once.

Run as a script beside those it is compared with; prints the rate.
"""

from __future__ import annotations

import asyncio
import sys
import time

from producers.amqp import BrokerSettings, Publisher
from schemas.entities import Entity
from schemas.envelope import CONTENT_TYPE, Lane
from schemas.topology import event_key, events_exchange, organisation_queues


async def publish(url: str, organisation: str, count: int, size: int, window: int) -> float:
    settings = BrokerSettings(url, window=window)
    publisher = Publisher(settings, queues=organisation_queues(organisation))
    running = asyncio.create_task(publisher.run())
    await publisher.connected.wait()
    exchange, key = events_exchange(organisation), event_key(organisation, Lane.IMMEDIATE, Entity.INVOICE)
    body, left = b"x" * size, iter(range(count))

    async def send() -> None:
        for number in left:
            await publisher.publish(
                exchange=exchange, routing_key=key, body=body, message_id=str(number), content_type=CONTENT_TYPE
            )

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(window)))
    took = time.perf_counter() - began
    await publisher.stop()
    await running
    return count / took


if __name__ == "__main__":
    print(asyncio.run(publish(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))))  # noqa: T201 - its result
