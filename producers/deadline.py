"""Ending in time: on being told, and so that what does not end by itself is cancelled, and what hangs is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from producers.clock import Clock

CANCELLED_S = (0.5, 0.4, 0.3)
"""So long before the deadline. Again, for psycopg outlasts a first one: it asks the server to cancel as well."""


async def until_told(told: asyncio.Event, *others: asyncio.Future[Any]) -> None:
    """Come back when `told` is set, or one of the others has ended; these go on."""
    waiting = asyncio.ensure_future(told.wait())
    try:
        await asyncio.wait((waiting, *others), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def rest(clock: Clock, seconds: float, told: asyncio.Event, *others: asyncio.Future[Any]) -> None:
    """Come back after `seconds`, or before, as `until_told` does."""
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await until_told(told, timer, *others)
    finally:
        timer.cancel()


class Deadline:
    """So many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._at = asyncio.get_running_loop().time() + seconds

    async def ended(self, tasks: Iterable[asyncio.Task[Any]], *, before_s: float = 0.0) -> None:
        """Wait for all of them; those that go on `before_s` ahead of the deadline are cancelled, not waited for."""
        going = {task for task in tasks if not task.done()}
        if not going:
            return
        left_s = self._at - before_s - asyncio.get_running_loop().time()
        _, late = await asyncio.wait(going, timeout=max(left_s, 0.0))
        for task in late:
            task.cancel()
