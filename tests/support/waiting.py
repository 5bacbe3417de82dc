"""Waiting for something to become true: by polling, with a deadline. And time that passes without a wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_POLL_S = 0.02


async def until(condition: Callable[[], object], *, timeout_s: float = 30, what: str = "the condition") -> None:
    """Poll `condition` on the loop until it is true; AssertionError when it is not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {timeout_s} s"
        await asyncio.sleep(_POLL_S)


def let_pass(seconds: float) -> None:
    """The running loop's clock goes ahead: what waits for less by it is due. No other clock does."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign] # as long as the loop lives


def until_sync(condition: Callable[[], object], *, timeout_s: float = 30, what: str = "the condition") -> None:
    """The same for tests without a loop."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {timeout_s} s"
        time.sleep(_POLL_S)
