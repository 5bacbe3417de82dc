"""Consumes COUNT messages of QUEUE with pika, prefetch 200, an ack for each, and prints the rate.

pika's asyncio adapter, the fastest it has and the one the worker stands on.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection

_PREFETCH = 200


class Consumption:
    """Counts what it acks; `done` gets the rate between the first message and the last."""

    def __init__(self, url: str, queue: str, count: int) -> None:
        self.done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._queue = queue
        self._left = count
        self._count = count
        self._began = 0.0
        self._connection = AsyncioConnection(
            pika.URLParameters(url), on_open_callback=lambda raw: raw.channel(on_open_callback=self._consume)
        )

    def _consume(self, channel: Any) -> None:
        channel.basic_qos(prefetch_count=_PREFETCH)
        channel.basic_consume(self._queue, self._take)

    def _take(self, channel: Any, method: Any, _properties: Any, _body: bytes) -> None:
        if self._left == self._count:
            self._began = time.perf_counter()
        channel.basic_ack(method.delivery_tag)
        self._left -= 1
        if self._left == 0:
            self.done.set_result((self._count - 1) / (time.perf_counter() - self._began))


async def consume(url: str, queue: str, count: int) -> float:
    return await Consumption(url, queue, count).done


if __name__ == "__main__":
    print(asyncio.run(consume(sys.argv[1], sys.argv[2], int(sys.argv[3]))))  # noqa: T201 - its result
