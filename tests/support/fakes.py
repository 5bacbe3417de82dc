"""Stand-ins with behaviour, shared by the tests."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeClock:
    """A clock that moves only when told, or when somebody sleeps on it: `sleep` advances it at once."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.advance(max(seconds, 0.0))
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Both clocks move forward."""
        if seconds < 0:
            raise ValueError(f"advance({seconds}): the monotonic clock never goes back; use set_back")
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set_back(self, seconds: float) -> None:
        """The time of day goes back, as when an operator or NTP steps it; the monotonic clock does not."""
        self._now -= timedelta(seconds=seconds)
