"""The metrics that only the worker exports that serves an organisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from prometheus_client.core import Metric

from schemas.envelope import Lane
from worker.buffer.work import Work
from worker.ledger.held.overview import HeldCount
from worker.ledger.records import CallState, HoldState
from worker.metrics import families as f
from worker.metrics.shared import Shared

_ALL = "all"


def standing_metrics(stands: Mapping[str, Mapping[Lane, float]], windows: Mapping[str, timedelta]) -> Iterator[Metric]:
    """Seconds by organisation and lane, beside what a batch may wait."""
    yield f.STANDS.of(((org, lane), seconds) for org, lanes in stands.items() for lane, seconds in lanes.items())
    yield f.BATCH_WINDOW.of(((org,), windows[org].total_seconds()) for org in stands)


def session_metrics(works: Mapping[str, Sequence[Work]], now: datetime) -> Iterator[Metric]:
    """What is in memory, by organisation."""
    counts = {org: Counter(work.lane for work in of_org) for org, of_org in works.items()}
    yield f.BUFFERED.of(((org, lane), count[lane]) for org, count in counts.items() for lane in Lane)
    yield f.OLDEST.of(((org, lane), _oldest(of_org, lane, now)) for org, of_org in works.items() for lane in Lane)


def held_metrics(shared: Mapping[str, Shared]) -> Iterator[Metric]:
    """What broker and ledger said."""
    yield f.QUEUED.of(((org, queue), depth) for org, one in shared.items() for queue, depth in one.depths.items())
    yield from _waiting(shared)
    yield from _pauses(shared)
    yield from _budget(shared)
    yield f.TOKEN_EXPIRY.of(
        ((org, name), at.timestamp()) for org, one in shared.items() for name, at in one.tokens.items()
    )


def _waiting(shared: Mapping[str, Shared]) -> Iterator[Metric]:
    parked = {org: [g for g in one.waiting.held if g.state is HoldState.PERSON] for org, one in shared.items()}
    held = {org: [g for g in one.waiting.held if g.state is not HoldState.PERSON] for org, one in shared.items()}
    yield f.HELD.of(((org, g.state, g.reason), g.count) for org, groups in held.items() for g in groups)
    yield f.HELD_OLDEST.of(((org,), _age(groups, shared[org].now)) for org, groups in held.items())
    yield f.PARKED.of(((org, g.reason), g.count) for org, groups in parked.items() for g in groups)
    yield f.PARKED_OLDEST.of(((org,), _age(groups, shared[org].now)) for org, groups in parked.items())
    yield f.UNCERTAIN.of(((org,), one.waiting.calls.get(CallState.UNCERTAIN, 0)) for org, one in shared.items())


def _pauses(shared: Mapping[str, Shared]) -> Iterator[Metric]:
    yield f.PAUSED.of(((org,), any(pause.kind is None for pause in one.pauses)) for org, one in shared.items())
    yield f.PAUSES.of(
        ((org, pause.kind or _ALL, pause.reason), 1) for org, one in shared.items() for pause in one.pauses
    )


def _budget(shared: Mapping[str, Shared]) -> Iterator[Metric]:
    windows = [(org, name, window) for org, one in shared.items() for name, window in one.windows.items()]
    yield f.BUDGET_LIMIT.of(((org, name), window.limit) for org, name, window in windows)
    yield f.BUDGET_REMAINING.of(((org, name), window.remaining) for org, name, window in windows)
    yield f.BUDGET_RESET.of(((org, name), window.resets_at.timestamp()) for org, name, window in windows)
    yield f.LANE_DONE.of(
        ((org, lane), at.timestamp())
        for org, one in shared.items()
        if one.outlook is not None
        for lane, at in one.outlook.done.items()
    )


def _oldest(works: Sequence[Work], lane: Lane, now: datetime) -> float:
    ages = ((now - work.occurred_at).total_seconds() for work in works if work.lane is lane)
    return max(0.0, max(ages, default=0.0))


def _age(groups: Sequence[HeldCount], now: datetime) -> float:
    return max(((now - group.oldest).total_seconds() for group in groups), default=0.0)
