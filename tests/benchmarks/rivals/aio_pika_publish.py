"""Publishes COUNT messages of SIZE bytes to QUEUE with aio-pika, WINDOW at once, and prints the rate."""

from __future__ import annotations

import asyncio
import sys
import time

import aio_pika  # type: ignore[import-not-found]  # in an environment of its own


async def publish(url: str, queue: str, count: int, size: int, window: int) -> float:
    connection = await aio_pika.connect(url)
    channel = await connection.channel(publisher_confirms=True)
    body, left = b"x" * size, iter(range(count))

    async def send() -> None:
        for _ in left:
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, routing_key=queue, mandatory=True)

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(window)))
    took = time.perf_counter() - began
    await connection.close()
    return count / took


if __name__ == "__main__":
    print(asyncio.run(publish(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))))  # noqa: T201 - its result
