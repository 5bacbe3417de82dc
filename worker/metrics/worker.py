"""One worker's metrics and readiness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from prometheus_client.core import Metric

from producers.amqp import Consumer
from schemas.envelope import Lane
from worker.budget.limits import Limits
from worker.buffer.work import Work, everyone
from worker.clock import Clock
from worker.lanes.lanes import opening_of
from worker.ledger.ledger import Ledger
from worker.metrics import families as f
from worker.metrics.fresh import Fresh
from worker.metrics.holder import held_metrics, session_metrics, standing_metrics
from worker.metrics.process import Exposition, missing_links, process_metrics
from worker.metrics.shared import Shared, read_shared
from worker.metrics.standing import Standing
from worker.serving.runner import Runner
from worker.serving.service import Service
from worker.session.counts import Counts

_ASK_S, _READ_S = 2.0, 8.0
"""Shorter than a probe's patience, and than a scrape's."""


class WorkerWatch:
    """Watches one worker.

    `counts`, `connections`, `limits` and `windows` are of every configured organisation; `notices` by channel and
    outcome.
    """

    def __init__(
        self,
        *,
        service: Service,
        consumer: Consumer,
        ledger: Ledger,
        clock: Clock,
        counts: Mapping[str, Counts],
        notices: Mapping[tuple[str, str], int],
        connections: Mapping[str, str],
        limits: Mapping[str, Limits],
        windows: Mapping[str, timedelta],
    ) -> None:
        self._service = service
        self._consumer = consumer
        self._ledger = ledger
        self._clock = clock
        self._counts = counts
        self._notices = notices
        self._connections = connections
        self._limits = limits
        self._windows = windows
        self._leases = Fresh(ledger.leases.holders, clock=clock, timeout_s=_ASK_S)
        self._figures = Fresh(self._read, clock=clock, timeout_s=_READ_S)
        self._is_up = False
        self._shared: Mapping[str, Shared] = {}
        self._standing: dict[tuple[str, int], Standing] = {}
        self._stands: dict[str, Mapping[Lane, float]] = {}
        self._exposition = Exposition(self)

    async def metrics(self) -> bytes:
        """See the protocol. What is shared is there only for organisations that this worker serves."""
        figures = await self._figures.get() if await self._leases.get() is not None else None
        # without them no alert on what waits can fire: that is told as a ledger that is away
        self._is_up = figures is not None
        self._shared = figures or {}
        return self._exposition.text()

    async def missing(self) -> Sequence[str]:
        """See the protocol. A paused organisation is served as far as it can be."""
        missing = list(missing_links([self._consumer]))
        if await self._leases.get() is None:
            missing.append(f"ledger: {self._leases.error}")
        elif self._figures.is_failing:
            missing.append(f"ledger: the figures that /metrics shows cannot be read: {self._figures.error}")
        if self._service.is_stopping:
            missing.append("worker: it is stopping")
        elif not self._service.has_shared:
            missing.append(f"organisations: not shared out yet{self._why('')}")
        elif self._service.is_late:
            missing.append(f"leases: not renewed for as long as they last{self._why('; the ledger may hang')}")
        for org, runner in self._service.runners.items():
            if not runner.is_serving and not runner.paused_for:
                missing.append(f"organisation {org}: not served yet")
        return missing

    def _why(self, otherwise: str) -> str:
        """A ledger that takes no writes is read as before, so that nothing else tells of it."""
        return otherwise if self._service.last_error is None else f": {self._service.last_error}"

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        # a full disk is read from as before
        ledger_is_up = self._is_up and not self._service.is_late
        yield from process_metrics("worker", {"consumer": self._consumer}, ledger_is_up=ledger_is_up)
        yield from _counted(self._counts)
        yield f.NOTICES.of(self._notices.items())
        runners = self._service.runners
        yield f.SERVED.of(((org,), self._service.holds(org)) for org in self._connections)
        works = {org: everyone(works_of(runner)) for org, runner in runners.items()}
        yield from session_metrics(works, self._clock.now())
        # a lease may have gone to another worker since the reading
        shared = {org: one for org, one in self._shared.items() if org in runners}
        yield from held_metrics(shared)
        yield from standing_metrics({org: self._stands[org] for org in shared}, self._windows)

    async def _read(self) -> dict[str, Shared]:
        """The figures of every organisation whose lease is this worker's, as the ledger has it."""
        leases = {(lease.name, lease.fence) for lease in await self._ledger.leases.holders()}
        held = {org: runner for org, runner in self._service.runners.items() if (org, runner.lease.fence) in leases}
        self._standing = {key: standing for key, standing in self._standing.items() if key in leases}
        return {org: await self._read_one(org, runner) for org, runner in held.items()}

    async def _read_one(self, org: str, runner: Runner) -> Shared:
        session, now = runner.session, self._clock.now()
        shared = await read_shared(
            org,
            connection=self._connections[org],
            limits=self._limits[org],
            ledger=self._ledger,
            broker=self._consumer,
            works=works_of(runner),
            opening=None if session is None else lambda depth: opening_of(session.org, session.batch, depth, now),
        )
        self._stands[org] = self._look(org, runner.lease.fence, shared)
        return shared

    def _look(self, org: str, fence: int, shared: Shared) -> Mapping[Lane, float]:
        standing = self._standing.setdefault((org, fence), Standing())
        waiting = {} if any(pause.kind is None for pause in shared.pauses) else shared.waiting_in
        return standing.look(waiting, self._counts[org].outcomes(), self._clock.monotonic())


def works_of(runner: Runner) -> list[Work]:
    """The events in a runner's memory, but for those that newer versions absorbed: no call will carry them."""
    return runner.session.buffer.works() if runner.session is not None else []


def _counted(counts: Mapping[str, Counts]) -> Iterator[Metric]:
    of = counts.items()
    yield f.EVENTS.of(
        ((org, entity, lane, outcome), n) for org, one in of for (entity, lane, outcome), n in one.events.items()
    )
    yield f.EVENT_DELAY.spread(((org, lane), spread) for org, one in of for lane, spread in one.delays.items())
    yield f.CALLS.of(
        ((org, endpoint, purpose, status), n) for org, one in of for (endpoint, purpose, status), n in one.calls.items()
    )
    yield f.CALL_DURATION.spread(((org, name), spread) for org, one in of for name, spread in one.durations.items())
    yield f.CALL_DOCUMENTS.spread(((org, kind), spread) for org, one in of for kind, spread in one.documents.items())
    yield f.RATE_LIMITED.of(((org, limit), n) for org, one in of for limit, n in one.limited.items())
    yield f.FAILED_SESSIONS.of(((org,), one.failed_sessions) for org, one in of)
