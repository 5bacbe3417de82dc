"""Queues that the broker gives no answer about, and when each is asked for again. Pure."""

from __future__ import annotations

_FIRST_S, _LONGEST_S = 10.0, 60.0


class Silences:
    """A queue without a leader is declared, and never consumed: who asks waits, and loses the connection by it.

    With that all other queues are lost. So it is asked for after 10 seconds, then after twice as long each time, a
    minute at most: they are consumed meanwhile. `now` is in seconds of a monotonic clock.
    """

    def __init__(self) -> None:
        self._waits: dict[str, tuple[float, float]] = {}

    def __contains__(self, queue: str) -> bool:
        """Whether the broker gave no answer about it when it was asked last."""
        return queue in self._waits

    def lasts(self, queue: str, now: float) -> bool:
        """Whether it is not to be asked for yet."""
        return queue in self._waits and now < self._waits[queue][1]

    def met(self, queue: str, now: float) -> None:
        """The broker has given no answer."""
        wait_s = min(2 * self._waits[queue][0], _LONGEST_S) if queue in self._waits else _FIRST_S
        self._waits[queue] = (wait_s, now + wait_s)

    def over(self, queue: str) -> None:
        """The broker has answered."""
        self._waits.pop(queue, None)
