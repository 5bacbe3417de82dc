"""What gives no answer, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any

from tests.benchmarks.simulation.virtual import run_virtually

_OUTLAST_S = 18.0
"""Twice what a worker has to stop, and an agent."""


async def hang(times: int) -> None:
    """Outlast so many cancellations less one, for a while: psycopg asks the server first, and that one hangs."""
    wait_s = None
    for _ in range(times - 1):
        with suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), wait_s)
        wait_s = _OUTLAST_S
    await asyncio.wait_for(asyncio.Event().wait(), wait_s)


def virtually(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run it on a loop whose waiting costs no time."""

    @wraps(test)
    def run(**given: Any) -> None:
        run_virtually(test(**given))

    return run
