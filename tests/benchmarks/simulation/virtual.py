"""Virtual time: a loop that jumps to its next timer when nothing is ready, and the clock that shows it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
DAY_S = 86_400.0
HOUR_S = 3_600.0


class _Leap(selectors.SelectSelector):
    """Waits for nothing: whoever would wait is told that the time has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("virtual time stands still: no task is ready and none waits for a time")
        self.now += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """No sockets, no threads: `time` begins at 0 and moves only by leaps."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def elapsed() -> float:
    """Virtual seconds since the beginning."""
    return asyncio.get_running_loop().time()


class VirtualClock:
    """The loop's time as `worker.clock.Clock`. `skew_s`: how far its time of day is off.

    `grain_s` is the shortest sleep: a worker that looks about four times a second for five days does nothing else.
    """

    def __init__(self, *, skew_s: float = 0.0, grain_s: float = 0.0) -> None:
        self.skew_s = skew_s
        self._grain_s = grain_s

    def now(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=elapsed() + self.skew_s)

    def monotonic(self) -> float:
        return elapsed()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, self._grain_s))
