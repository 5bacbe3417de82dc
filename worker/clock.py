"""The time that production injects."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from producers.clock import Clock

__all__ = ["Clock", "SystemClock"]


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Come back after `seconds`."""
        await asyncio.sleep(seconds)
