"""When a backfill is over: its publisher has paused for longer than between two of its pages. Pure: times are given."""

from __future__ import annotations

_AT_LEAST_S = 15.0
_TIMES = 2.0
_ANEW_S = 120.0
"""What comes after a longer pause is a beginning."""


class Backfilling:
    """The pauses between what comes of a backfill, in the worker's own time."""

    def __init__(self, now: float) -> None:
        self._came_at = now
        self._longest_s = 0.0
        self._has_come = self._ran_empty = False

    def came(self, now: float) -> None:
        """Some of it was taken. A pause counts where the queue had run empty: else it was the worker's own."""
        pause = now - self._came_at
        if pause > _ANEW_S:
            self._longest_s = 0.0
        elif self._has_come and self._ran_empty:
            self._longest_s = max(pause, self._longest_s)
        self._came_at, self._has_come, self._ran_empty = now, True, False

    def is_over(self, now: float, waiting: int, *, says_its_end: bool) -> bool:
        """Whether nothing waits in the queue, and nothing has come for 15 s.

        What does not say itself when it ends is given twice its longest pause.
        """
        if waiting:
            return False
        self._ran_empty = True
        return now - self._came_at >= max(_AT_LEAST_S, 0.0 if says_its_end else _TIMES * self._longest_s)
