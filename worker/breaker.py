"""Keeps the worker from calling a Xero that does not answer. Pure: times are given."""

from __future__ import annotations

PROBE_EVERY_S = 30.0
GIVE_UP_AFTER_S = 300.0
_TOLERATED = 1


class Breaker:
    """Opens at the second failure in a row; then one probe every 30 seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._since = 0.0
        self._probe_at = 0.0

    def failed(self, now: float) -> None:
        """A call had no answer."""
        if self._failures == 0:
            self._since = now
        self._failures += 1
        self._probe_at = now + PROBE_EVERY_S

    def succeeded(self) -> None:
        """Xero answered."""
        self._failures = 0

    @property
    def is_open(self) -> bool:
        """Whether new calls have to wait."""
        return self._failures > _TOLERATED

    def wait_s(self, now: float) -> float:
        """Seconds until the next probe may go out."""
        return max(self._probe_at - now, 0.0) if self.is_open else 0.0

    def is_down_for_long(self, now: float) -> bool:
        """Whether the organisation had better be paused, its backlog left in the broker."""
        return self.is_open and now - self._since >= GIVE_UP_AFTER_S
