"""What is left of an organisation's calls, and what forbids them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.envelope import Lane
from worker.budget.corrections import forbidden_until
from worker.budget.decision import settle
from worker.budget.forecast import left
from worker.budget.limits import Limits
from worker.budget.state import Spent, State


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """Calls of the last 24 hours, and how many more there are: now, and before those hours are full.

    `frees_at` is when the oldest of them begin to count no longer, `forbidden_until` until when Xero's own word forbids
    calls, and `forbidden_by` which limit of its: `day`, `minute`, `app_minute` or `in_flight`; or `xero_unavailable`.
    """

    limit: int
    used: int
    left_at_once: int
    left_today: int
    in_flight: int
    frees_at: datetime | None
    forbidden_until: datetime | None
    forbidden_by: str


def budget_status(state: State, spent: Spent, *, limits: Limits, now: datetime) -> BudgetStatus:
    """From what `Budget.standing` tells, as the immediate lane has it."""
    there = left(state, spent, limits=limits, lane=Lane.IMMEDIATE, now=now)
    forbidden = forbidden_until(state.correction, settle(state, limits, now).minute.at)
    return BudgetStatus(
        limit=limits.day,
        used=spent.day,
        left_at_once=there.at_once,
        left_today=there.day,
        in_flight=spent.in_flight,
        frees_at=spent.frees_at,
        forbidden_until=forbidden.until if forbidden else None,
        forbidden_by=forbidden.reason if forbidden else "",
    )
