"""The sandbox's time: the machine's, moved forward on request."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_REMEMBERED = 16
"""Moments: some ten documents of a call are written in the same millisecond."""


class SandboxClock:
    """Seconds since the epoch, plus whatever a test has advanced."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def utc(self) -> datetime:
        """The same, as an aware datetime of whole milliseconds, which is all that Xero's dates hold."""
        return _moment(round(self.now() * 1_000_000) // 1000)

    def today(self, timezone: str) -> date:
        """The calendar day in an organisation's time zone."""
        return self.utc().astimezone(ZoneInfo(timezone)).date()

    def advance(self, seconds: float) -> None:
        """Move time forward."""
        self._offset += seconds


@lru_cache(_REMEMBERED)
def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
