"""A store's agent with a real ledger, a store in memory and an exchange in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from producers.amqp import ConnectionLost
from producers.command_desk import CommandDesk
from producers.first_look import FirstLook
from producers.pace import Pace, Stop, Stopped
from producers.patience import Patience
from producers.poller import Poller
from producers.posting import Posting
from producers.resync import Resyncer
from producers.routing import Routing, Target
from producers.runs import Run, RunState
from producers.session import Session
from producers.steps import Step
from producers.sweep import Sweeper
from producers.translation import Translator
from schemas.codec import encode_event
from schemas.commands import Command, command_schema, command_type, encode_command
from schemas.entities import Entity
from schemas.envelope import Envelope, Event, Lane
from tests.support.fake_store import OPENED, FakeStore
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from worker.ledger.ledger import Ledger
from worker.ledger.runs.checkpoints import StoreCheckpoints
from worker.ledger.runs.runs import StoreRuns

START_DATE = date(2026, 1, 1)


def target(name: str = "main", *, start_date: date = START_DATE, **lanes: Lane | None) -> Target:
    """An organisation; all lanes are batch but those named, None being off."""
    chosen = {entity: lanes.get(str(entity), Lane.BATCH) for entity in Entity}
    return Target(name, start_date, {entity: lane for entity, lane in chosen.items() if lane is not None})


def routing(*targets: Target) -> Routing:
    """Everything to the first of the targets."""
    all_targets = targets or (target(),)
    return Routing({one.name: one for one in all_targets}, organisation=all_targets[0].name)


@dataclass
class Exchange:
    """Confirms at once, or as `hold` says; loses what it is told to lose."""

    events: list[tuple[Event, Lane]] = field(default_factory=list)
    away: int = 0
    hold: asyncio.Event | None = None
    waiting: int = 0
    most_waiting: int = 0

    async def publish(self, event: Event, lane: Lane, *, data: str = "", waits_for_room: bool = True) -> None:
        assert encode_event(event, data=data) == encode_event(event)
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        try:
            if self.away:
                self.away -= 1
                raise ConnectionLost("the broker is away")
            await (self.hold.wait() if self.hold else asyncio.sleep(0))
            self.events.append((event, lane))
        finally:
            self.waiting -= 1

    def taken(self) -> list[tuple[Event, Lane]]:
        """What came since the last time."""
        taken, self.events = self.events, []
        return taken

    def names(self) -> list[str]:
        """What came since the last time, as `entity id`."""
        return [f"{event.entity} {event.subject}" for event, _ in self.taken()]


class Died(Exception):
    """The agent ends in the middle of its work."""


@dataclass
class Watch:
    """Remembers the steps, and raises at one of them."""

    steps: list[Step] = field(default_factory=list)
    dies_at: Step | None = None

    def reached(self, step: Step) -> None:
        self.steps.append(step)
        if step is self.dies_at:
            raise Died


class Workshop:
    """The parts of one agent."""

    def __init__(
        self,
        ledger: Ledger,
        store: FakeStore,
        clock: FakeClock,
        *,
        routed: Routing | None = None,
        pace: Pace | None = None,
        removal_limit: float = 0.1,
        holder: str = "a1",
    ) -> None:
        self.ledger = ledger
        self.store = store
        self.clock = clock
        self.exchange = Exchange()
        self.said: list[str] = []
        self.steps = Watch()
        self.stop = Stop(clock)
        self.checkpoints: StoreCheckpoints
        self.runs: StoreRuns
        self.checkpoints, self.runs = ledger.store("shop", holder=holder)
        self.routing = routed or routing()
        patience = Patience(store="shop", stop=self.stop)
        self.session = Session(
            source=store,
            checkpoints=self.checkpoints,
            runs=self.runs,
            posting=Posting(publisher=self.exchange, patience=patience, steps=self.steps),
            translator=Translator("shop", self.routing),
            patience=patience,
            clock=clock,
            pace=pace or Pace(),
            stop=self.stop,
            steps=self.steps,
        )
        first_look = FirstLook(store, self.session.translator, say=self.said.append)
        self.poller = Poller(session=self.session, first_look=first_look)
        self.sweeper = Sweeper(session=self.session, removal_limit=removal_limit)
        names = ("resync-all", "resync", "sync-now")
        self.resyncers = {name: Resyncer(name=name, session=self.session) for name in names}
        self.acked: list[object] = []
        self.desk = CommandDesk(session=self.session, ack=self.acked.append, wake=self._wake)

    def _wake(self, name: str) -> None:
        self.resyncers[name].woken.set()

    async def record(self, name: str, command: Command, *, run_id: str = "run-1") -> RunState:
        """A command that has come."""
        return await self.runs.record(Run(run_id, name, command), message(name, command, run_id))  # type: ignore[arg-type] # commands of stores only

    async def work_off(self, name: str, run_id: str = "run-1") -> None:
        """Work until the run is finished."""
        async with self.working(name):
            await self.finished(run_id)

    @asynccontextmanager
    async def working(self, name: str) -> AsyncIterator[asyncio.Task[None]]:
        """A resyncer at work."""
        task = asyncio.create_task(self.resyncers[name].run())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Stopped):
                await task

    async def finished(self, run_id: str = "run-1") -> None:
        """The run has come to an end."""
        async with asyncio.timeout(60):
            while True:
                found = await self.ledger.runs.get(run_id)
                if found is not None and found.state not in {RunState.RECORDED, RunState.RUNNING}:
                    return
                await asyncio.sleep(0.005)


class _WorkingClock(FakeClock):
    """Whoever sleeps again and again beside a commit does not make a minute of it: the disk takes its own time."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(0.002)


@asynccontextmanager
async def workshop(
    url: str,
    *,
    store: FakeStore | None = None,
    routed: Routing | None = None,
    pace: Pace | None = None,
    removal_limit: float = 0.1,
    clock: FakeClock | None = None,
) -> AsyncIterator[Workshop]:
    """An agent's parts, in charge of the store."""
    clock = clock or _WorkingClock(OPENED)
    store = store or FakeStore()
    store.time = clock.now
    async with opened(url, clock=clock) as ledger:
        made = Workshop(ledger, store, clock, routed=routed, pace=pace, removal_limit=removal_limit)
        assert await made.checkpoints.take_charge(15)
        yield made


def message(name: str, command: Command, run_id: str = "run-1") -> bytes:
    """A command as it comes."""
    envelope = Envelope(
        id=run_id,
        source="admin",
        type=command_type(name),
        time=datetime(2026, 3, 2, tzinfo=UTC),
        dataschema=command_schema(name),
    )
    return encode_command(envelope, command)


def subjects(events: Sequence[tuple[Event, Lane]], entity: Entity = Entity.INVOICE) -> list[str]:
    """Ids of one entity's events, in order."""
    return [event.subject for event, _ in events if event.entity is entity]
