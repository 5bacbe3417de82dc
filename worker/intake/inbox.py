"""Messages between the broker's callback and intake. Bounded by holding the socket's reading back for a moment."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from operator import attrgetter

from producers.amqp import Delivery

_HIGH_BYTES = 16 * 1024 * 1024
_LOW_BYTES = 4 * 1024 * 1024
_BODY = attrgetter("body")


class Throttle:
    """Holds the socket that all organisations share while any of their inboxes is too full."""

    def __init__(self, *, pause_reading: Callable[[], None], resume_reading: Callable[[], None]) -> None:
        self._pause_reading = pause_reading
        self._resume_reading = resume_reading
        self._full: set[object] = set()

    def hold(self, who: object) -> None:
        """Read nothing until `who`, and everybody else, has let go."""
        self._full.add(who)
        self._pause_reading()

    def let_go(self, who: object) -> None:
        """`who` has room again."""
        self._full.discard(who)
        if not self._full:
            self._resume_reading()


class Inbox:
    """Filled by `put` on the loop, emptied by `take`."""

    def __init__(self, throttle: Throttle) -> None:
        self._waiting: deque[Delivery] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._throttle = throttle
        self._paused = False

    def put(self, *deliveries: Delivery) -> None:
        """Add what came; hold the broker back when intake lags."""
        if not self._waiting:
            self._arrived.set()
        self._waiting.extend(deliveries)
        self._bytes += sum(map(len, map(_BODY, deliveries)))
        if self._bytes >= _HIGH_BYTES and not self._paused:
            self._paused = True
            self._throttle.hold(self)

    async def take(self, limit: int) -> list[Delivery]:
        """Wait for messages; at most `limit` of them, and at most 4 MiB beyond the first."""
        await self._arrived.wait()
        waiting = self._waiting
        taken: list[Delivery] = []
        size = 0
        while waiting and len(taken) < limit and size < _LOW_BYTES:
            delivery = waiting.popleft()
            size += len(delivery.body)
            taken.append(delivery)
        self._bytes -= size
        if not waiting:
            self._arrived.clear()
        self._relax()
        return taken

    def forget(self, queue: str) -> None:
        """The broker has `queue`'s messages back."""
        self._waiting = deque(delivery for delivery in self._waiting if delivery.queue != queue)
        self._bytes = sum(map(len, map(_BODY, self._waiting)))
        self._relax()
        if self._paused:
            self._throttle.hold(self)  # a new connection reads until it is told not to

    def close(self) -> list[Delivery]:
        """Everything not taken; reading goes on."""
        left = list(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        self._relax()
        return left

    def _relax(self) -> None:
        if self._paused and self._bytes <= _LOW_BYTES:
            self._paused = False
            self._throttle.let_go(self)
