"""One agent's metrics and readiness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import Metric

from producers.agent import StoreAgent
from producers.clock import Clock
from producers.pace import Stop
from producers.poller import Poller
from producers.posting import Posting
from producers.runs import RunState
from producers.sweep import Sweeper
from worker.ledger.ledger import Ledger
from worker.ledger.runs.run_reports import RunStatus
from worker.metrics import families as f
from worker.metrics.fresh import Fresh
from worker.metrics.process import Exposition, Link, missing_links, process_metrics

_RESYNCS = ("resync", "resync-all")
_ASK_S, _READ_S = 2.0, 8.0


@dataclass(frozen=True, slots=True)
class WatchedStore:
    """One store, and the parts of its agent that know how it is getting on."""

    name: str
    agent: StoreAgent
    poller: Poller
    sweeper: Sweeper
    posting: Posting


class AgentWatch:
    """Watches the agents of one process."""

    def __init__(
        self, *, stores: Sequence[WatchedStore], links: Mapping[str, Link], ledger: Ledger, clock: Clock, stop: Stop
    ) -> None:
        self._stores = stores
        self._links = links
        self._ledger = ledger
        self._clock = clock
        self._stop = stop
        self._leases = Fresh(ledger.leases.holders, clock=clock, timeout_s=_ASK_S)
        self._runs = Fresh(self._read, clock=clock, timeout_s=_READ_S)
        self._is_up = False
        self._seen: Sequence[RunStatus] = ()
        self._exposition = Exposition(self)

    async def metrics(self) -> bytes:
        """See the protocol. What is shared is there only for stores that this agent is in charge of."""
        runs = await self._runs.get() if await self._leases.get() is not None else None
        self._is_up = runs is not None
        self._seen = runs or ()
        return self._exposition.text()

    async def missing(self) -> Sequence[str]:
        """See the protocol. An agent that stands by is ready: it takes over when the other one dies."""
        missing = list(missing_links(self._links.values()))
        if await self._leases.get() is None:
            missing.append(f"ledger: {self._leases.error}")
        else:
            if self._runs.is_failing:
                missing.append(f"ledger: the resyncs that /metrics shows cannot be read: {self._runs.error}")
            missing += [f"ledger: {_why_late(one)}" for one in self._stores if one.agent.is_late]
        if self._stop.asked:
            missing.append("agent: it is stopping")
        missing += [f"store {one.name}: not begun yet" for one in self._stores if one.agent.in_charge is None]
        return missing

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        # a full disk is read from as before
        takes_writes = not any(one.agent.is_late for one in self._stores)
        yield from process_metrics("agent", self._links, ledger_is_up=self._is_up and takes_writes)
        yield f.IN_CHARGE.of(((one.name,), bool(one.agent.in_charge)) for one in self._stores)
        yield f.PUBLISHED.of(
            ((one.name, *route), count) for one in self._stores for route, count in one.posting.published.items()
        )
        # 0 where all goes well: the first that does not is an increase
        yield f.UNROUTED.of(
            ((one.name, *route), one.posting.unrouted[route])
            for one in self._stores
            for route in one.posting.published.keys() | one.posting.unrouted.keys()
        )
        charge = [one for one in self._stores if one.agent.in_charge]
        now = self._clock.now()
        yield f.POLLER_LAG.of(
            ((one.name, stream), max(0.0, late.total_seconds()))
            for one in charge
            for stream, late in one.poller.late_by(now).items()
        )
        yield f.WITHHELD.of(
            ((one.name, stream), rows) for one in charge for stream, rows in one.sweeper.withheld.items()
        )
        names = {one.name for one in charge}
        yield from _resyncs([run for run in self._seen if run.store in names])

    async def _read(self) -> list[RunStatus]:
        charge = [one.name for one in self._stores if one.agent.in_charge]
        found = [await self._ledger.runs.newest(store, command) for store in charge for command in _RESYNCS]
        return [run for run in found if run is not None]


def _why_late(one: WatchedStore) -> str:
    return f"the charge of store {one.name} is not renewed: {one.agent.last_error or 'it gives no answer'}"


def _resyncs(runs: Sequence[RunStatus]) -> Iterator[Metric]:
    yield f.RESYNC_RUNNING.of(((run.store, run.command), run.state is RunState.RUNNING) for run in runs)
    yield f.RESYNC_ROWS.of(
        ((run.store, run.command, state), rows) for run in runs for state, rows in _rows(run).items()
    )
    yield f.RESYNC_EVENTS.of(
        ((run.store, run.command, state), getattr(run, state))
        for run in runs
        for state in ("published", "written", "unchanged", "parked")
    )


def _rows(run: RunStatus) -> dict[str, int]:
    streams = run.streams.values()
    return {"read": sum(one.rows for one in streams), "total": sum(max(one.total or 0, one.rows) for one in streams)}
