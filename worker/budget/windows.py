"""What each window of the budget allows, has left, and when it is as it was: for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.envelope import Lane
from worker.budget.bucket import ready_at
from worker.budget.corrections import forbidden_until
from worker.budget.decision import settle
from worker.budget.forecast import left
from worker.budget.limits import Limits
from worker.budget.state import Spent, State


class WindowName(StrEnum):
    """`saved` is what can go out at once after a quiet time: the day's bucket."""

    MINUTE = "minute"
    DAY = "day"
    SAVED = "saved"


@dataclass(frozen=True, slots=True)
class Window:
    """Calls. `resets_at` is when it is full again; the rolling day's, when its oldest calls count no longer."""

    limit: int
    remaining: int
    resets_at: datetime


def windows(state: State, spent: Spent, *, limits: Limits, now: datetime) -> dict[WindowName, Window]:
    """All windows, as the immediate lane has them; what Xero forbids moves their resets on."""
    state = settle(state, limits, now)
    now = state.minute.at
    there = left(state, spent, limits=limits, lane=Lane.IMMEDIATE, now=now)
    forbidden = forbidden_until(state.correction, now)
    earliest = forbidden.until if forbidden else now
    minute = min(state.minute.level, limits.minute - len(state.recent))
    full_again = {
        WindowName.MINUTE: ready_at(state.minute, tokens=limits.minute_capacity, rate=limits.minute_rate),
        WindowName.DAY: spent.frees_at or now,
        WindowName.SAVED: ready_at(state.day, tokens=limits.day_capacity, rate=limits.day_rate),
    }
    figures = {
        WindowName.MINUTE: (int(limits.minute_capacity), max(0, int(minute))),
        WindowName.DAY: (limits.day, there.day),
        WindowName.SAVED: (int(limits.day_capacity), max(0, int(state.day.level))),
    }
    return {name: Window(*figures[name], resets_at=max(at, earliest)) for name, at in full_again.items()}
