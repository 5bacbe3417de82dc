"""The request report: what an organisation's calls were for, today and over the last 30 days. Days are UTC's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from worker.budget.limits import Limits
from worker.ledger.ledger import Ledger
from worker.ledger.records import Purpose
from worker.ledger.report import Usage
from worker.views.budget import BudgetStatus, budget_status

DAYS = 30
_ANSWERED = 2


@dataclass(frozen=True, slots=True)
class Count:
    """`requests` are what the cap is counted by, resent and unsent ones too; `failed` of them got no 2xx answer."""

    calls: int = 0
    requests: int = 0
    documents: int = 0
    failed: int = 0

    @property
    def documents_per_call(self) -> float:
        """How full calls were; 0 where there are none."""
        return self.documents / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Use:
    """Calls of one purpose to one endpoint, such as `Invoices`."""

    purpose: Purpose
    endpoint: str
    count: Count


@dataclass(frozen=True, slots=True)
class DayCount:
    """One day, and of it each purpose that had calls."""

    day: date
    count: Count
    by_purpose: dict[Purpose, Count]


@dataclass(frozen=True, slots=True)
class Requests:
    """One organisation's report: what is left, `today` the most frequent first, and 30 `days`, the last is today."""

    organisation: str
    budget: BudgetStatus
    today: tuple[Use, ...]
    days: tuple[DayCount, ...]


async def requests(ledger: Ledger, organisation: str, *, limits: Limits) -> Requests:
    """Read the report. Raises `LedgerError`."""
    state, spent, now = await ledger.budget.standing(organisation, limits)
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=DAYS - 1)
    usage = await ledger.calls.usage(organisation, datetime(first.year, first.month, first.day, tzinfo=UTC))
    days = tuple(_day(first + timedelta(days=more), usage) for more in range(DAYS))
    budget = budget_status(state, spent, limits=limits, now=now)
    return Requests(organisation, budget, _uses(one for one in usage if one.day == today), days)


def _day(day: date, usage: Sequence[Usage]) -> DayCount:
    of_day = [one for one in usage if one.day == day]
    purposes = [purpose for purpose in Purpose if any(one.purpose is purpose for one in of_day)]
    counts = {purpose: _count(one for one in of_day if one.purpose is purpose) for purpose in purposes}
    return DayCount(day, _count(of_day), counts)


def _uses(usage: Iterable[Usage]) -> tuple[Use, ...]:
    groups: dict[tuple[Purpose, str], list[Usage]] = {}
    for one in usage:
        groups.setdefault((one.purpose, one.endpoint), []).append(one)
    uses = [Use(purpose, endpoint, _count(group)) for (purpose, endpoint), group in groups.items()]
    return tuple(sorted(uses, key=lambda use: (-use.count.requests, use.purpose, use.endpoint)))


def _count(usage: Iterable[Usage]) -> Count:
    calls = requests = documents = failed = 0
    for one in usage:
        calls += one.calls
        requests += one.requests
        documents += one.documents
        failed += 0 if one.status is not None and one.status // 100 == _ANSWERED else one.calls
    return Count(calls, requests, documents, failed)
