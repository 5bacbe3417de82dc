from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest

from producers.amqp import AmqpError, ConnectionLost, TopologyMismatch, Unroutable
from producers.bulk import Fault, LinePublisher, LineRefused
from producers.jsonlines import Line
from schemas.envelope import Event, Lane
from tests.support.sample_invoice import INVOICE
from tests.support.waiting import until


class Broker:
    """Confirms when told to, or at once."""

    def __init__(self, *, confirms: bool = True) -> None:
        self.confirmed: list[str] = []
        self.waiting = 0
        self.most_waiting = 0
        self.troubles: dict[str, AmqpError] = {}
        self.open = asyncio.Event()
        if confirms:
            self.open.set()

    async def publish(self, event: Event, lane: Lane) -> None:
        self.waiting += 1
        self.most_waiting = max(self.waiting, self.most_waiting)
        try:
            await self.open.wait()
            if event.id in self.troubles:
                raise self.troubles[event.id]
            self.confirmed.append(event.id)
        finally:
            self.waiting -= 1


async def lines(*bodies: bytes | str) -> AsyncIterator[Line]:
    for number, body in enumerate(bodies, 1):
        yield Line(number, body if isinstance(body, bytes) else message(body))


def message(event_id: str) -> bytes:
    return json.dumps(INVOICE | {"id": event_id}).encode()


Lanes = Callable[[Event], Lane | None]


def publisher(
    broker: Broker,
    faults: list[Fault],
    lane_of: Lanes = lambda _: Lane.BATCH,
    window: int = 10,
) -> LinePublisher:
    return LinePublisher(publish=broker.publish, lane_of=lane_of, on_fault=faults.append, window=window)


async def test_every_line_is_confirmed() -> None:
    broker, faults = Broker(), list[Fault]()
    bulk = publisher(broker, faults)

    await bulk.run(lines("a", "b", "c"))

    assert sorted(broker.confirmed) == ["a", "b", "c"]
    assert (bulk.tally.confirmed, bulk.settled_through, bulk.tally.complete) == (3, 3, True)


async def test_a_bad_line_is_named_and_the_others_go_on() -> None:
    broker, faults = Broker(), list[Fault]()
    bulk = publisher(broker, faults)

    await bulk.run(lines("a", b"{", b'{"specversion": "1.0"}', "d"))

    assert sorted(broker.confirmed) == ["a", "d"]
    assert [(fault.line, fault.reason) for fault in faults] == [(2, "undecodable"), (3, "invalid")]
    assert (bulk.tally.bad, bulk.tally.complete) == (2, False)


async def test_nothing_counts_as_confirmed_before_its_confirm() -> None:
    broker, faults = Broker(confirms=False), list[Fault]()
    bulk = publisher(broker, faults)

    running = asyncio.create_task(bulk.run(lines("a", "b")))
    await until(lambda: broker.waiting == 2)

    assert (bulk.tally.confirmed, bulk.settled_through) == (0, 0)
    broker.open.set()
    await running
    assert (bulk.tally.confirmed, bulk.settled_through) == (2, 2)


async def test_the_window_bounds_what_is_on_its_way() -> None:
    broker, faults = Broker(confirms=False), list[Fault]()
    bulk = publisher(broker, faults, window=3)

    running = asyncio.create_task(bulk.run(lines(*"abcdefgh")))
    await until(lambda: broker.waiting == 3)
    broker.open.set()
    await running

    assert broker.most_waiting == 3
    assert len(broker.confirmed) == 8


async def test_an_event_whose_lane_is_off_is_skipped() -> None:
    broker, faults = Broker(), list[Fault]()
    bulk = publisher(broker, faults, lane_of=lambda _: None)

    await bulk.run(lines("a"))

    assert broker.confirmed == []
    assert (bulk.tally.skipped, bulk.tally.complete) == (1, True)


async def test_a_refused_and_an_unroutable_event_are_bad_lines() -> None:
    def lane_of(event: Event) -> Lane:
        if event.id == "a":
            raise LineRefused("not this one")
        return Lane.BATCH

    broker, faults = Broker(), list[Fault]()
    broker.troubles["b"] = Unroutable("no queue")
    bulk = publisher(broker, faults, lane_of)

    await bulk.run(lines("a", "b", "c"))

    assert [(fault.line, fault.reason) for fault in faults] == [(1, "refused"), (2, "unroutable")]
    assert broker.confirmed == ["c"]


async def test_events_for_a_wrong_queue_are_named_and_the_others_go_on() -> None:
    broker, faults = Broker(), list[Fault]()
    broker.troubles = dict.fromkeys("bd", TopologyMismatch("xerelay.main.batch", "406 inequivalent arg"))
    bulk = publisher(broker, faults, window=2)

    await bulk.run(lines(*"abcde"))

    assert sorted(broker.confirmed) == ["a", "c", "e"]
    assert [(fault.line, fault.reason) for fault in faults] == [(2, "unroutable"), (4, "unroutable")]
    assert "xerelay.main.batch" in faults[0].detail
    assert (bulk.tally.bad, bulk.tally.unroutable, bulk.tally.unconfirmed, bulk.settled_through) == (2, 2, 0, 5)


async def test_a_lost_broker_ends_the_run_and_names_where_to_go_on() -> None:
    broker, faults = Broker(), list[Fault]()
    broker.troubles = {name: ConnectionLost("gone") for name in "cdefghij"}
    bulk = publisher(broker, faults, window=2)

    await bulk.run(lines(*"abcdefghij"))

    assert [(fault.line, fault.reason, fault.detail) for fault in faults] == [(3, "unconfirmed", "gone")]
    assert bulk.settled_through == 2
    assert bulk.tally.last < 10
    assert not bulk.tally.complete


async def test_cancelling_counts_what_is_on_its_way_as_unconfirmed() -> None:
    broker, faults = Broker(confirms=False), list[Fault]()
    bulk = publisher(broker, faults)

    running = asyncio.create_task(bulk.run(lines(b"{", "b", "c")))
    await until(lambda: broker.waiting == 2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert (bulk.tally.confirmed, bulk.tally.unconfirmed, bulk.settled_through) == (0, 2, 1)
