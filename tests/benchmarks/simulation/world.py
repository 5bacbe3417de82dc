"""The real worker process in a virtual world, and what is observed of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from producers.amqp import Consumer
from schemas.envelope import Lane
from tests.benchmarks.simulation.broker import Broker, VirtualConsumer
from tests.benchmarks.simulation.calls import MemoryLedger
from tests.benchmarks.simulation.traffic import Arrival
from tests.benchmarks.simulation.virtual import VirtualClock, elapsed
from tests.benchmarks.simulation.xero import VirtualXero
from tests.support.xero_fakes import reaches
from worker.bootstrap import limits_of
from worker.buffer.work import Work, everyone
from worker.chart import Chart, ChartShelf
from worker.documents.documents import Kind
from worker.intake.inbox import Throttle
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Held, HoldState, Lease
from worker.serving.runner import Runner
from worker.serving.service import Service
from worker.session.counts import Counts
from worker.session.deliveries import Deliveries
from worker.session.finishing import Finishing
from worker.session.session import Session
from worker.session.steps import Unwatched
from worker.settings import OrganisationSettings
from worker.xero.client import XeroClient
from worker.xero.compose import compose
from worker.xero.replies.reply import Reply

_CANCELS = 5


@dataclass(slots=True)
class Event:
    """One published event: in which lane, when, of which time, what it asks for, and when it was completed."""

    lane: Lane
    at: float
    version: float
    wanted: tuple[Kind, str] | None
    total: Decimal | None
    done_at: float | None = None


@dataclass(slots=True)
class Watch:
    """Every event, by organisation and id."""

    events: dict[tuple[str, str], Event] = field(default_factory=dict)
    open: int = 0
    parked: list[Held] = field(default_factory=list)

    def published(self, org: str, arrival: Arrival) -> None:
        event = Event(arrival.lane, elapsed(), arrival.at, arrival.wanted, arrival.total)
        if self.events.setdefault((org, arrival.message.message_id), event) is event:
            self.open += 1

    def completed(self, org: str, event_id: str) -> None:
        event = self.events[org, event_id]
        if event.done_at is None:
            event.done_at = elapsed()
            self.open -= 1


class _WatchedFinishing(Finishing):
    def __init__(self, watch: Watch, deliveries: Deliveries) -> None:
        super().__init__(ack=deliveries.ack, steps=Unwatched(), counts=Counts(VirtualClock().now))
        self._watch = watch

    def completed(self, works: Sequence[Work]) -> None:
        super().completed(works)
        for work in everyone(works):
            self._watch.completed(work.owner.org, work.event_id)

    def overtaken(self, held: Held) -> None:
        super().overtaken(held)
        self._watch.completed(held.org, held.event_id)

    def ended(self, work: Work, held: Held) -> None:
        super().ended(work, held)
        for other in work.absorbed:
            self._watch.completed(other.owner.org, other.event_id)
        if held.state is HoldState.PERSON:
            self._watch.parked.append(held)


class Severed:
    """Lets a process reach something until the process is killed: after that nothing ever comes back.

    What was reached once is kept: a simulated day asks for the same ten things a hundred thousand times.
    """

    def __init__(self, target: object, process: Process) -> None:
        self._target = target
        self._process = process

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        reached = self._call(found) if asyncio.iscoroutinefunction(found) else Severed(found, self._process)
        setattr(self, name, reached)
        return reached

    def _call(self, found: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def reach(*args: Any, **named: Any) -> Any:
            await self._process.breathe()
            result = await found(*args, **named)
            await self._process.breathe()
            return result

        return reach


class World:
    """Broker, ledger, and one Xero for each organisation."""

    def __init__(
        self, organisations: Iterable[OrganisationSettings], xeros: dict[str, VirtualXero], *, grain_s: float = 1.0
    ) -> None:
        self.organisations = {org.name: org for org in organisations}
        self.xeros = xeros
        self.broker = Broker()
        self.ledger = MemoryLedger()
        self.watch = Watch()
        self.grain_s = grain_s

    def publish(self, org: str, arrival: Arrival) -> None:
        self.watch.published(org, arrival)
        self.broker.publish(f"xerelay.{org}.{arrival.lane}", arrival.message)


class Process:
    """One worker process: `Service` with its consumer, its clock and its way to ledger and Xero."""

    def __init__(self, name: str, world: World, *, skew_s: float = 0.0, mortal: bool = False) -> None:
        self._world = world
        self._clock = VirtualClock(skew_s=skew_s, grain_s=world.grain_s)
        self._killed = False
        self._mortal = mortal
        ledger = Severed(world.ledger, self) if mortal else world.ledger
        self._ledger = cast(Ledger, ledger)
        self._service = Service(
            worker_id=name,
            organisations=list(world.organisations),
            ledger=self._ledger,
            clock=self._clock,
            make_runner=self._runner,
            housekeeping=_nothing,
        )
        self.consumer = VirtualConsumer(world.broker, self._service.receive)
        self._tasks: set[asyncio.Task[None]] = set()

    def session(self, org: str) -> Session | None:
        """What it serves `org` with at the moment."""
        runner = self._service.runners.get(org)
        return None if runner is None else runner.session

    def start(self) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(self._service.run(cast(Consumer, self.consumer))))

    async def stop(self) -> None:
        """In good order."""
        self._service.stop()
        await asyncio.wait(self._tasks)

    def kill(self) -> None:
        """As kill -9: whatever it awaits never comes; the broker takes its messages back."""
        self._killed = True
        self.consumer.kill()

    async def end(self) -> None:
        """Clean up the tasks of a process, killed or not."""
        self.kill()
        for _ in range(_CANCELS):  # its own cleaning up waits for what never comes, too
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=15.0)

    async def breathe(self) -> None:
        """Returns while the process lives."""
        if self._killed:
            await asyncio.Event().wait()

    def _runner(self, org: str, lease: Lease) -> Runner:
        return Runner(
            lease=lease,
            org=org,
            make_session=lambda lease, _overlay: self._session(org, lease),
            reached=reaches(),
            consumer=cast(Consumer, self.consumer),
            throttle=Throttle(pause_reading=lambda: None, resume_reading=lambda: None),
            ledger=self._ledger,
            clock=self._clock,
            counts=Counts(self._clock.now),
        )

    def _session(self, org: str, lease: Lease) -> Session:
        settings = self._world.organisations[org]
        deliveries = Deliveries(self.consumer)
        return Session(
            org=settings,
            lease=lease,
            ledger=self._ledger,
            client=cast(XeroClient, _Client(self._world.xeros[org], self)),
            limits=limits_of(settings),
            compose=compose,
            clock=self._clock,
            steps=Unwatched(),
            deliveries=deliveries,
            finishing=_WatchedFinishing(self._world.watch, deliveries),
            shelf=ChartShelf(Chart(settings)),
        )


@dataclass(frozen=True, slots=True)
class _Client:
    xero: VirtualXero
    process: Process

    async def send(self, call: Call) -> Reply:
        await self.process.breathe()
        reply = await self.xero.send(call)
        await self.process.breathe()
        return reply


async def _nothing() -> None:
    """There is no house to keep."""
