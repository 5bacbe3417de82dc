"""The ledger's time of day, of whatever the ledger keeps: this machine's clock may be minutes off."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.clock import Clock


class LedgerTime:
    """Known from what the ledger said last and the seconds since; until it has said it, this machine's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: tuple[datetime, float] | None = None  # what it said, and the monotonic time of then

    def hear(self, now: datetime) -> None:
        """The ledger has just said what time it is."""
        self._heard = now, self._clock.monotonic()

    def now(self) -> datetime:
        """The time of day, UTC."""
        if self._heard is None:
            return self._clock.now()
        said, at = self._heard
        return said + timedelta(seconds=self._clock.monotonic() - at)

    def in_s(self, seconds: float) -> datetime:
        """The time of day `seconds` from now."""
        return self.now() + timedelta(seconds=seconds)
