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
from worker.documents.documents import DOCUMENTS_PER_CALL

_EVENTS_PER_CALL = {Lane.IMMEDIATE: 45, Lane.BATCH: 45, Lane.BACKFILL: DOCUMENTS_PER_CALL}
"""What calls carry while there is a backlog: not every one is full. Backfill waits until they are."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The batch lane opens next `at`, and so many of its events wait for that: the others are being taken already."""

    at: datetime
    awaited_by: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """`waiting` events and the time each lane is `done`, the more urgent lanes first; calls left at once and today."""

    waiting: Mapping[Lane, int]
    done: Mapping[Lane, datetime]
    left_at_once: int
    left_today: int


def outlook(
    waiting: Mapping[Lane, int],
    state: State,
    spent: Spent,
    *,
    limits: Limits,
    now: datetime,
    opening: Opening | None = None,
) -> Outlook:
    """Forecast from how many events wait in each lane, `opening` told where some wait for it. None waits: done now.

    A lane waits for those before it; backfill goes on while the batch lane waits for its opening.
    """
    there = left(state, spent, limits=limits, lane=Lane.IMMEDIATE, now=now)
    awaited_by = 0 if opening is None else opening.awaited_by
    later = _calls(Lane.BATCH, awaited_by)
    immediate = _calls(Lane.IMMEDIATE, waiting.get(Lane.IMMEDIATE, 0))
    batch = _calls(Lane.BATCH, waiting.get(Lane.BATCH, 0) - awaited_by)
    backfill = _calls(Lane.BACKFILL, waiting.get(Lane.BACKFILL, 0))

    def at(lane: Lane, calls: int, since: datetime = now) -> datetime:
        return done_at(state, spent, limits=limits, lane=lane, now=since, calls=calls)

    done = dict.fromkeys(Lane, now)
    if immediate:
        done[Lane.IMMEDIATE] = at(Lane.IMMEDIATE, immediate)
    if batch or later:
        done[Lane.BATCH] = at(Lane.BATCH, immediate + batch + later)
    if backfill:
        done[Lane.BACKFILL] = at(Lane.BACKFILL, immediate + batch + backfill)
    if opening is not None and later:
        done[Lane.BATCH] = max(done[Lane.BATCH], at(Lane.BATCH, later, opening.at))
        if done[Lane.BACKFILL] > opening.at:
            done[Lane.BACKFILL] = at(Lane.BACKFILL, immediate + batch + later + backfill)
    return Outlook(dict(waiting), done, there.at_once, there.day)


def _calls(lane: Lane, events: int) -> int:
    return math.ceil(events / _EVENTS_PER_CALL[lane])
