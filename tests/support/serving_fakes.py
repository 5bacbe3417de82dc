"""One organisation's session with a real ledger, between a broker and a Xero that live in memory."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from producers.amqp import Delivery
from schemas.codec import encode_event
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from schemas.topology import event_key, lane_queue
from tests.support.mapping_cases import organisation
from tests.support.sample_ledger import AMPLE, lease_of, opened, parked_in, waiting_in
from tests.support.stopping import stopped_after
from tests.support.waiting import until
from worker.chart import Chart, ChartShelf
from worker.clock import SystemClock
from worker.documents.documents import Kind
from worker.intake.inbox import Throttle
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Held, HoldState, Lease, Member, Purpose
from worker.serving.serving import Serving
from worker.session.counts import Counts
from worker.session.deliveries import Deliveries
from worker.session.finishing import Finishing
from worker.session.session import Session
from worker.session.steps import Unwatched
from worker.xero.compose import compose
from worker.xero.endpoints import ENDPOINTS
from worker.xero.readings import Readings
from worker.xero.replies.reply import Reply, ReplyKind
from worker.xero.sameness import totals_of

ORG = "main"


@dataclass
class MemoryBroker:
    """What the worker needs of the consumer: hands nothing over by itself, and keeps account of every message."""

    acked: Counter[int] = field(default_factory=Counter)
    returned: Counter[int] = field(default_factory=Counter)
    _tags: int = 0

    def deliver(self, event: Event | bytes, *, entity: Entity = Entity.INVOICE, queue: str = "") -> Delivery:
        self._tags += 1
        body = event if isinstance(event, bytes) else encode_event(event)
        named = event.entity if isinstance(event, Event) else entity
        key = event_key(ORG, Lane.IMMEDIATE, named)
        return Delivery(queue or lane_queue(ORG, Lane.IMMEDIATE), body, key, f"m{self._tags}", False, 0, self._tags, 1)

    async def start(self, queue: str, prefetch: int) -> None:
        """Nothing to do."""

    async def cancel(self, queue: str) -> None:
        """Nothing to do."""

    async def depth(self, queue: str) -> int:
        return 0

    def ack(self, *deliveries: Delivery) -> None:
        self.acked.update(delivery.tag for delivery in deliveries)

    def give_back(self, delivery: Delivery) -> None:
        self.returned[delivery.tag] += 1


class FailingOnce:
    """A part of the ledger whose `method` fails the first time."""

    def __init__(self, part: Any, method: str, error: Exception) -> None:
        self._part = part
        self._method = method
        self._error = error
        self.failed = False

    def __getattr__(self, name: str) -> Any:
        if name != self._method:
            return getattr(self._part, name)
        self._method, self.failed = "", True
        return self._fail

    async def _fail(self, *_: Any, **__: Any) -> None:
        raise self._error


class LateAnswers:
    """A part of the ledger that does what it is asked; while it `is_late`, the next answer of `method` is."""

    def __init__(self, part: Any, method: str) -> None:
        self._part = part
        self._method = method
        self.is_late = False
        self.asked = asyncio.Event()
        self.arriving = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return self._late if name == self._method else getattr(self._part, name)

    async def _late(self, *given: Any, **more: Any) -> Any:
        answer = await getattr(self._part, self._method)(*given, **more)
        if self.is_late:
            self.is_late = False
            self.asked.set()
            await self.arriving.wait()
        return answer


Answer = Callable[[Call], Reply]


@dataclass
class MemoryXero:
    """Takes every document, unless an answer for the next call of its kind says otherwise."""

    answers: dict[Kind, list[Answer]] = field(default_factory=dict)
    written: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        await self.gate.wait()
        queued = self.answers.get(call.kind, []) if call.kind else []
        return queued.pop(0)(call) if queued else self.take(call)

    def take(self, call: Call) -> Reply:
        if call.purpose is not Purpose.WRITE:
            return Reply(ReplyKind.ANSWERED, 200, tuple(self._listed(call)))
        return Reply(ReplyKind.ANSWERED, 200, tuple(self._element(member) for member in call.members))

    def every(self, call: Call) -> Reply:
        """A list of everything."""
        return Reply(ReplyKind.ANSWERED, 200, tuple(self.written.values()))

    def refuse(self, call: Call) -> Reply:
        """A verdict of refusal for each document."""
        errors = {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": "no such thing"}]}
        elements = tuple({**_names(member), **errors} for member in call.members)
        return Reply(ReplyKind.ANSWERED, 400, elements)

    def _listed(self, call: Call) -> Iterator[Mapping[str, Any]]:
        """Invoices, credit notes and payments are listed, all of them."""
        if call.kind in (Kind.INVOICE, Kind.CREDIT_NOTE):
            identifier = ENDPOINTS[call.kind].id
            statuses = call.params.get("Statuses", "").split(",")
            for element in self.written.values():
                if identifier in element and "Type" in element and (statuses == [""] or element["Status"] in statuses):
                    yield element
        elif call.kind is Kind.PAYMENT:
            yield from (element for element in self.written.values() if "PaymentID" in element)

    def _element(self, member: Member) -> Mapping[str, Any]:
        before = self.written.get(member.number, {}) if member.xero_id else {}
        element = {**before, **member.element, **_names(member)}
        lines = {line["LineItemID"]: line for line in before.get("LineItems") or () if "LineItemID" in line}
        if lines:
            # what an update does not say of a line stays
            element["LineItems"] = [{**lines.get(line.get("LineItemID"), {}), **line} for line in element["LineItems"]]
        total, tax = totals_of(element)
        element |= {"Total": total, "TotalTax": tax} if "LineItems" in element and total is not None else {}
        self.written[member.number or "/".join(member.key)] = element
        return element


def _names(member: Member) -> dict[str, Any]:
    endpoint = ENDPOINTS[member.kind]
    names = {endpoint.id: member.xero_id or str(uuid.uuid4())}
    return names | ({endpoint.number: member.number} if endpoint.number else {})


@dataclass
class Served:
    """A session that runs; `end` gives back what it raised."""

    ledger: Ledger
    lease: Lease
    broker: MemoryBroker
    xero: MemoryXero
    session: Session
    serving: Serving
    task: asyncio.Task[None]

    def receive(self, *events: Event | bytes) -> list[int]:
        """Deliver; returns the tags."""
        deliveries = [self.broker.deliver(event) for event in events]
        for delivery in deliveries:
            self.serving.receive(delivery)
        return [delivery.tag for delivery in deliveries]

    async def acked(self, *tags: int) -> None:
        await until(lambda: all(self.broker.acked[tag] for tag in tags), what=f"acks of {tags}")

    async def parked(self) -> list[Held]:
        return await parked_in(self.ledger)

    async def waiting(self, state: HoldState) -> int:
        return (await waiting_in(self.ledger))[state]

    async def parks(self, count: int) -> None:
        """So many wait for a person."""
        deadline = asyncio.get_running_loop().time() + 30
        while len(await self.parked()) != count:
            assert asyncio.get_running_loop().time() < deadline, f"{count} parked events"
            await asyncio.sleep(0.02)

    async def waits(self, state: HoldState, count: int) -> None:
        """So many are held for that."""
        deadline = asyncio.get_running_loop().time() + 30
        while await self.waiting(state) != count:
            assert asyncio.get_running_loop().time() < deadline, f"{count} events held for a {state}"
            await asyncio.sleep(0.02)

    async def written(self, kind: Kind, calls: int) -> None:
        """So many calls carried documents of `kind`."""
        await until(
            lambda: sum(call.kind is kind and call.purpose is Purpose.WRITE for call in self.xero.calls) == calls,
            what=f"{calls} calls of {kind}",
        )

    async def hold_calls(self) -> None:
        """Send nothing, as while Xero is away, until `let_calls_go`."""
        await until(lambda: self.session.shelf.at is not None, what="the chart, whose reading says that Xero is there")
        for _ in range(2):
            self.session.breaker.failed(self.session.clock.monotonic())

    def let_calls_go(self) -> None:
        """Xero is there again."""
        self.session.breaker.succeeded()
        self.session.wake.set()

    async def end(self) -> BaseException:
        """Stop; what it raised."""
        self.serving.stop()
        return await self.failure()

    async def failure(self) -> BaseException:
        """What ends the session."""
        try:
            await asyncio.wait_for(self.task, 30)
        except Exception as error:  # noqa: BLE001 -- whatever it was is what the test asks for
            return error
        raise AssertionError("serving ends by raising why")


@asynccontextmanager
async def served(url: str, *, xero: MemoryXero | None = None, **changes: Any) -> AsyncIterator[Served]:
    """A session over an empty ledger, stopped at the end; `changes` are the organisation's."""
    async with opened(url) as ledger:
        lease = await lease_of(ledger, name=ORG)
        one = serve(ledger, lease, MemoryBroker(), xero or MemoryXero(), **changes)
        async with stopped_after(one.task):
            yield one


def serve(ledger: Ledger, lease: Lease, broker: MemoryBroker, xero: MemoryXero, **changes: Any) -> Served:
    """One more session."""
    session = session_of(ledger, lease, broker, xero, **changes)
    throttle = Throttle(pause_reading=lambda: None, resume_reading=lambda: None)
    serving = Serving(session=session, consumer=broker, throttle=throttle)  # type: ignore[arg-type] # a broker in memory
    return Served(ledger, lease, broker, xero, session, serving, asyncio.create_task(serving.run()))


def session_of(ledger: Ledger, lease: Lease, broker: MemoryBroker, xero: MemoryXero, **changes: Any) -> Session:
    """What serves one organisation, not yet running."""
    org = organisation(linger=timedelta(0), **changes)
    deliveries = Deliveries(broker)
    steps = Unwatched()
    return Session(
        org=org,
        lease=lease,
        ledger=ledger,
        client=xero,  # type: ignore[arg-type] # a Xero in memory
        limits=AMPLE,
        compose=compose,
        clock=SystemClock(),
        steps=steps,
        deliveries=deliveries,
        finishing=Finishing(ack=deliveries.ack, steps=steps, counts=Counts(SystemClock().now)),
        shelf=ChartShelf(Chart(org)),
        stores=frozenset({"webshop"}),
        readings=Readings(cut_over=org.cut_over.before, reissues=org.edited_paid == "reissue"),
    )
