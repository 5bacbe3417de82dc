"""The sandbox's time: the machine's, moved forward on request."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


class SandboxClock:
    """Seconds since the epoch, plus whatever a test has advanced."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def utc(self) -> datetime:
        """The same, as an aware datetime of whole milliseconds, which is all that Xero's dates hold."""
        moment = datetime.fromtimestamp(self.now(), UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def today(self, timezone: str) -> date:
        """The calendar day in an organisation's time zone."""
        return self.utc().astimezone(ZoneInfo(timezone)).date()

    def advance(self, seconds: float) -> None:
        """Move time forward."""
        self._offset += seconds
