"""What the ledger keeps of one organisation's budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.budget.bucket import Bucket
from worker.budget.limits import Limits


@dataclass(frozen=True, slots=True)
class Correction:
    """What Xero's headers said last, less what was granted since. None: nothing known, nothing forbidden."""

    day_remaining: int | None = None
    day_at: datetime | None = None
    minute_remaining: int | None = None
    minute_at: datetime | None = None
    blocked_until: datetime | None = None
    blocked_at: datetime | None = None
    blocked_reason: str = ""
    probed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """One organisation's buckets, the last minute's grants, and Xero's corrections.

    `recent` holds when each was granted, oldest first, in microseconds since 1970. All times are the budget's own,
    which is `ahead` of the clock (`worker.budget.own_time`).
    """

    minute: Bucket
    day: Bucket
    recent: tuple[int, ...] = ()
    correction: Correction = field(default_factory=Correction)
    ahead: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Spent:
    """What was counted beside the state.

    `day` calls were granted in the last 24 hours, and some of them count no longer at `frees_at`, by the budget's own
    time; `in_flight` calls are on their way, and the oldest of them is given up by `lands_at`, by the clock. When how
    many of `day` count no longer is in `frees`, oldest first: for forecasts, as granting needs the first of them alone.
    """

    day: int = 0
    frees_at: datetime | None = None
    in_flight: int = 0
    lands_at: datetime | None = None
    frees: tuple[tuple[datetime, int], ...] = ()


def fresh(limits: Limits, now: datetime) -> State:
    """An organisation that was never called: both buckets full."""
    return State(minute=Bucket(limits.minute_capacity, now), day=Bucket(limits.day_capacity, now))
