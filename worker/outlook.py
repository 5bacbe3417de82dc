"""When each lane's backlog will be done: one forecast for logs, status and metrics. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.envelope import Lane
from worker.budget.forecast import done_at, left
from worker.budget.limits import Limits
from worker.budget.state import Spent, State
from worker.documents import DOCUMENTS_PER_CALL

_EVENTS_PER_CALL = {Lane.IMMEDIATE: 45, Lane.BATCH: 45, Lane.BACKFILL: DOCUMENTS_PER_CALL}
"""What calls carry while there is a backlog: not every one is full. Backfill waits until they are."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """`waiting` events and the time each lane is `done`, the more urgent lanes first; calls left at once and today."""

    waiting: Mapping[Lane, int]
    done: Mapping[Lane, datetime]
    left_at_once: int
    left_today: int


def outlook(waiting: Mapping[Lane, int], state: State, spent: Spent, *, limits: Limits, now: datetime) -> Outlook:
    """Forecast from how many events wait in each lane. A lane waits for those before it."""
    there = left(state, spent, limits=limits, lane=Lane.IMMEDIATE, now=now)
    done: dict[Lane, datetime] = {}
    calls = 0
    for lane in Lane:
        calls += math.ceil(waiting.get(lane, 0) / _EVENTS_PER_CALL[lane])
        done[lane] = done_at(state, spent, limits=limits, lane=lane, now=now, calls=calls)
    return Outlook(dict(waiting), done, there.at_once, there.day)
