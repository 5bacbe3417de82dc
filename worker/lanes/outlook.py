"""When each lane's backlog will be done: one forecast for logs, status and metrics. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

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


@dataclass(frozen=True, slots=True)
class _Backlog:
    """What waits, in calls; `awaited` is the batch lane's that wait for its opening, and are none of `batch`."""

    immediate: int
    batch: int
    awaited: int
    backfill: int


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
    backlog = _backlog(waiting, 0 if opening is None else opening.awaited_by)
    done_by = partial(done_at, state, spent, limits=limits)
    done = _in_turn(backlog, done_by, now)
    if opening is not None and backlog.awaited:
        done |= _from_opening(opening.at, backlog, done, done_by, now)
    return Outlook(dict(waiting), done, there.at_once, there.day)


def _backlog(waiting: Mapping[Lane, int], awaited_by: int) -> _Backlog:
    return _Backlog(
        immediate=_calls(Lane.IMMEDIATE, waiting.get(Lane.IMMEDIATE, 0)),
        batch=_calls(Lane.BATCH, waiting.get(Lane.BATCH, 0) - awaited_by),
        awaited=_calls(Lane.BATCH, awaited_by),
        backfill=_calls(Lane.BACKFILL, waiting.get(Lane.BACKFILL, 0)),
    )


def _in_turn(backlog: _Backlog, done_by: Callable[..., datetime], now: datetime) -> dict[Lane, datetime]:
    """Each lane behind those before it, as if the batch lane were open."""
    done = dict.fromkeys(Lane, now)
    if backlog.immediate:
        done[Lane.IMMEDIATE] = done_by(lane=Lane.IMMEDIATE, now=now, calls=backlog.immediate)
    begun = backlog.immediate + backlog.batch
    if backlog.batch or backlog.awaited:
        done[Lane.BATCH] = done_by(lane=Lane.BATCH, now=now, calls=begun + backlog.awaited)
    if backlog.backfill:
        done[Lane.BACKFILL] = done_by(lane=Lane.BACKFILL, now=now, calls=begun + backlog.backfill)
    return done


def _from_opening(
    at: datetime,
    backlog: _Backlog,
    done: Mapping[Lane, datetime],
    done_by: Callable[..., datetime],
    now: datetime,
) -> Mapping[Lane, datetime]:
    """What changes because the batch lane opens no earlier: it begins then, and a backfill not done comes behind it."""
    changed = {Lane.BATCH: max(done[Lane.BATCH], done_by(lane=Lane.BATCH, now=at, calls=backlog.awaited))}
    if done[Lane.BACKFILL] > at:
        calls = backlog.immediate + backlog.batch + backlog.awaited + backlog.backfill
        changed[Lane.BACKFILL] = done_by(lane=Lane.BACKFILL, now=now, calls=calls)
    return changed


def _calls(lane: Lane, events: int) -> int:
    return math.ceil(events / _EVENTS_PER_CALL[lane])
