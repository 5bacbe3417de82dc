"""How often an agent looks, how far back, and how it waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from producers.clock import Clock
from producers.deadline import until_told


@dataclass(frozen=True, slots=True)
class Pace:
    """The agent's rhythm.

    A row is read no earlier than `lag` after its change: stores stamp rows before others can see them. Every
    `reread_every` the last `overlap` is read once more, for rows that became visible even later; with each sweep, what
    changed since a day before the last one.
    """

    poll_every: timedelta = timedelta(seconds=10)
    lag: timedelta = timedelta(seconds=60)
    overlap: timedelta = timedelta(minutes=15)
    reread_every: timedelta = timedelta(minutes=5)
    sweep_every: timedelta = timedelta(hours=24)

    @property
    def clocks_differ(self) -> timedelta:
        """How far the clocks of a store's machines may be apart: what the slowest dates is within the next overlap."""
        return max(self.overlap - self.reread_every, timedelta())


class Stopped(Exception):
    """The agent is told to end: what is not begun is left."""


class Stop:
    """The wish that an agent ends, and waiting that heeds it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked = asyncio.Event()

    @property
    def asked(self) -> bool:
        """Whether to begin nothing more."""
        return self._asked.is_set()

    def ask(self) -> None:
        """End soon."""
        self._asked.set()

    async def rest(self, seconds: float, *, unless: asyncio.Event | None = None) -> None:
        """Come back after `seconds`, at once when `unless` is set. Raises `Stopped` when the agent is to end."""
        waiting: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._clock.sleep(seconds))]
        if unless is not None:
            waiting.append(asyncio.ensure_future(unless.wait()))
        try:
            await self.until(*waiting)
        finally:
            for one in waiting:
                one.cancel()
        if self.asked:
            raise Stopped

    async def until(self, *others: asyncio.Future[Any]) -> None:
        """Come back when the agent is to end, or one of the others has."""
        await until_told(self._asked, *others)
