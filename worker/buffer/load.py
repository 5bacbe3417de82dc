"""What memory holds of each lane: how many events, how many bytes, since when. Pure state.

What was absorbed counts like every other event, until that ends which absorbed it: its body is kept, and the broker
waits for its acknowledgement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from schemas.envelope import Lane
from worker.buffer.work import Work

MOST_BYTES = 32 * 1024 * 1024
"""So much of an organisation's events is held at once: with more, its lanes are consumed no further."""


class Load:
    """The events of one buffer, whoever absorbed them, in the order in which they came."""

    def __init__(self) -> None:
        self._works: dict[Work, None] = {}
        self.held: Counter[Lane] = Counter()
        self.size_bytes = 0

    def add(self, work: Work) -> None:
        """It came."""
        self._works[work] = None
        self.held[work.lane] += 1
        self.size_bytes += len(work.body)

    def remove(self, works: Iterable[Work]) -> None:
        """They are settled, or went unsettled."""
        for work in works:
            del self._works[work]
            self.held[work.lane] -= 1
            self.size_bytes -= len(work.body)

    def oldest(self) -> float | None:
        """When the event was admitted that is held longest."""
        first = next(iter(self._works), None)
        return None if first is None else first.admitted_at
