"""Publishes COUNT messages of SIZE bytes to EXCHANGE with pika, at most WINDOW unconfirmed, and prints the rate."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection


class Publication:
    """Sends whenever the window has room; `done` gets the rate once everything is confirmed."""

    def __init__(self, url: str, exchange: str, key: str, count: int, size: int, window: int) -> None:
        self.done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._address = exchange, key
        self._count = count
        self._window = window
        self._body = b"x" * size
        self._properties = pika.BasicProperties(content_type="application/cloudevents+json", delivery_mode=2)
        self._sent = self._confirmed = 0
        self._began = 0.0
        self._channel: Any = None
        self._connection = AsyncioConnection(
            pika.URLParameters(url), on_open_callback=lambda raw: raw.channel(on_open_callback=self._open)
        )

    def _open(self, channel: Any) -> None:
        self._channel = channel
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self._begin())

    def _begin(self) -> None:
        self._began = time.perf_counter()
        self._send()

    def _send(self) -> None:
        while self._sent < self._count and self._sent - self._confirmed < self._window:
            self._channel.basic_publish(*self._address, self._body, self._properties, mandatory=True)
            self._sent += 1

    def _on_confirm(self, frame: Any) -> None:
        tag = frame.method.delivery_tag
        self._confirmed = max(self._confirmed, tag) if frame.method.multiple else self._confirmed + 1
        if self._confirmed >= self._count and not self.done.done():
            self.done.set_result(self._count / (time.perf_counter() - self._began))
        self._send()


async def publish(url: str, exchange: str, key: str, count: int, size: int, window: int) -> float:
    return await Publication(url, exchange, key, count, size, window).done


if __name__ == "__main__":
    print(asyncio.run(publish(sys.argv[1], sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7]))))  # noqa: T201 - its result
