"""Since when events wait in a lane and nothing is done: from one look to the next, by the worker that serves it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from schemas.envelope import Lane

_APART_S = 300.0
"""Looks so far apart know nothing of the time between: the ledger was away, or nobody scraped."""


class Standing:
    """One organisation's, under one lease."""

    def __init__(self) -> None:
        self._since: dict[Lane, float] = {}
        self._outcomes: Mapping[Lane, int] = {}
        self._looked_at = -math.inf

    def look(self, waiting: Mapping[Lane, int], outcomes: Mapping[Lane, int], now: float) -> dict[Lane, float]:
        """Seconds for each lane since it was last seen with nothing that waits, or with something done.

        A lane of which nobody knows whether something waits is one where nothing does.
        """
        for lane in Lane:
            has_moved = outcomes.get(lane) != self._outcomes.get(lane)
            if not waiting.get(lane) or has_moved or now - self._looked_at > _APART_S:
                self._since[lane] = now
        self._outcomes, self._looked_at = dict(outcomes), now
        return {lane: now - self._since[lane] for lane in Lane}
