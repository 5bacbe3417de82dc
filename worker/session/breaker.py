"""Keeps the worker from calling a Xero that does not answer. Pure: times are given."""

from __future__ import annotations

PROBE_EVERY_S = 30.0
GIVE_UP_AFTER_S = 300.0
_TOLERATED = 1
_FORGET_AFTER_S = 600.0
"""A failure so long ago says nothing of the time since: nobody asked. Longer than a payment waits for its look-up."""


class Breaker:
    """Opens at the second failure in a row; then one call every 30 seconds, the probe, until Xero answers any."""

    def __init__(self) -> None:
        self._failures = 0
        self._since = 0.0
        self._failed_at = 0.0
        self._probe_at = 0.0

    def failed(self, now: float) -> None:
        """A call had no answer."""
        if self._failures == 0 or now - self._failed_at > _FORGET_AFTER_S:
            self._since = now
        self._failures += 1
        self._failed_at = now
        self._probe_at = now + PROBE_EVERY_S

    def succeeded(self) -> None:
        """Xero answered."""
        self._failures = 0

    @property
    def failures(self) -> int:
        """How many calls in a row have had no answer."""
        return self._failures

    @property
    def is_open(self) -> bool:
        """Whether Xero has left the last calls unanswered."""
        return self._failures > _TOLERATED

    def wait_s(self, now: float) -> float:
        """Seconds until a call may go out: while open, the next probe."""
        return max(self._probe_at - now, 0.0) if self.is_open else 0.0

    def lets_through(self, now: float) -> bool:
        """Whether a call may go out. While open it is the probe then, and the next one's turn is 30 seconds later."""
        if self.wait_s(now) > 0:
            return False
        if self.is_open:
            self._probe_at = now + PROBE_EVERY_S
        return True

    def not_sent(self, now: float) -> None:
        """What was let through at `now` came to no call: its turn is free again."""
        if self._probe_at == now + PROBE_EVERY_S:
            self._probe_at = now

    @property
    def is_down_for_long(self) -> bool:
        """Whether the organisation had better be paused, its backlog left in the broker.

        By what failed, not by the time since: while nothing is to be sent, nothing tells that Xero is still away.
        """
        return self.is_open and self._failed_at - self._since >= GIVE_UP_AFTER_S
