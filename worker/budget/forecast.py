"""What is left, and when a backlog will be done. Estimates for people and for the backfill lane, not for granting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.envelope import Lane
from worker.budget.bucket import Bucket, ready_at
from worker.budget.corrections import day_left, forbidden_until
from worker.budget.decision import settle
from worker.budget.limits import DAY, Limits
from worker.budget.state import Spent, State


@dataclass(frozen=True, slots=True)
class Left:
    """Calls a lane could make: at once, and before the rolling 24 hours are full."""

    at_once: int
    day: int


def left(state: State, spent: Spent, *, limits: Limits, lane: Lane, now: datetime) -> Left:
    """What the buckets, the rolling windows and Xero's headers leave to `lane`."""
    state = settle(state, limits, now)
    day = max(0, limits.day_for(lane) - spent.day)
    by_xero = day_left(state.correction, state.minute.at)
    if by_xero is not None:
        day = min(day, by_xero)
    saved = state.day.level - limits.kept_from(lane)
    at_once = min(state.minute.level, saved, limits.minute - len(state.recent), day)
    blocked = forbidden_until(state.correction, state.minute.at) is not None
    return Left(0 if blocked else max(0, int(at_once)), day)


def calls_within(state: State, spent: Spent, *, limits: Limits, lane: Lane, now: datetime, seconds: float) -> int:
    """How many calls `lane` can make in the next `seconds`, if nobody else makes any."""
    state = settle(state, limits, now)
    forbidden = forbidden_until(state.correction, state.minute.at)
    if forbidden is not None and (forbidden.until - now).total_seconds() > seconds:
        return 0
    by_minute = state.minute.level + limits.minute_rate * seconds
    by_day = state.day.level - limits.kept_from(lane) + limits.day_rate * seconds
    by_count = limits.day_for(lane) - spent.day
    by_xero = day_left(state.correction, state.minute.at)
    if by_xero is not None:
        by_count = min(by_count, max(1, by_xero))  # of none left, one call finds out whether
    return max(0, int(min(by_minute, by_day, by_count)))


def done_at(state: State, spent: Spent, *, limits: Limits, lane: Lane, now: datetime, calls: int) -> datetime:
    """When `calls` more calls of `lane` can have gone out, if nobody else makes any."""
    state = settle(state, limits, now)
    now = state.minute.at
    if calls <= 0:
        return now
    forbidden = forbidden_until(state.correction, now)
    blocked_until = state.correction.blocked_until or now  # as Xero says; a probe before that will hardly change it
    # once the lane has had all that a rolling day has for it, the next call goes out a day after the first
    days, before = divmod(calls - 1, limits.day_for(lane))
    last = max(
        forbidden.until if forbidden else now,
        blocked_until,
        _xero_frees(state, limits=limits, now=now, calls=calls),
        _day_allows(state, spent, limits=limits, lane=lane, now=now, calls=before + 1),
    )
    return max(last + days * DAY, ready_at(state.minute, tokens=calls, rate=limits.minute_rate))


def _day_allows(state: State, spent: Spent, *, limits: Limits, lane: Lane, now: datetime, calls: float) -> datetime:
    """When the day's bucket and the rolling 24 hours have let so many go, no more than a day's.

    The two together, from one moment to the next at which calls of the last day count no longer: while there are none
    to be had the bucket fills, and no further than to its brim.
    """
    room: float = limits.day_for(lane) - spent.day
    kept = limits.kept_from(lane)
    at, saved = now, state.day.level - kept
    for frees_at, count in spent.frees:
        until = max(at, frees_at)
        comes = limits.day_rate * (until - at).total_seconds()
        if calls <= min(room, saved + comes):
            break
        gone = max(0.0, min(room, saved + comes))
        calls -= gone
        room += count - gone
        at, saved = until, min(limits.day_capacity - kept, saved + comes - gone)
    return ready_at(Bucket(saved, at), tokens=calls, rate=limits.day_rate)


def _xero_frees(state: State, *, limits: Limits, now: datetime, calls: int) -> datetime:
    """What Xero counts of others comes back, for all that is known, evenly over the next day."""
    by_xero = day_left(state.correction, now)
    if by_xero is None or calls <= by_xero:
        return now
    spent = max(1, limits.day - by_xero)
    return now + DAY * (min(calls - by_xero, spent) / spent)
