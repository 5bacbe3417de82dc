"""The queue of one organisation is full: the poller goes on with the others, a run waits for room."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from producers.amqp import Nacked
from producers.publisher import EventPublisher
from producers.routing import Routing
from producers.runs import RunState
from producers.store import Place
from schemas.codec import decode_event
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import Workshop, target, workshop
from tests.support.fake_store import OPENED, SHOP
from tests.support.waiting import until

GERMAN = (Place("german"),)


class Broker:
    """Confirms at once, and refuses what an organisation's queues have no room for.

    After `taken_after` refusals a worker has taken what is there.
    """

    def __init__(self, **room: int) -> None:
        self.room = room
        self.taken_after = 0
        self.refused: Counter[str] = Counter()
        self.names: list[str] = []

    async def publish(self, *, body: bytes, routing_key: str, **_: Any) -> None:
        event = decode_event(body)
        organisation = event.organisation
        if not self.room.get(organisation, 1):
            self.refused[organisation] += 1
            if self.refused[organisation] == self.taken_after:
                del self.room[organisation]
            raise Nacked(f"the broker refused {routing_key}: its queue may be full")
        if organisation in self.room:
            self.room[organisation] -= 1
        self.names.append(f"{event.entity} {event.subject}")

    def taken(self) -> list[str]:
        """What came since the last time."""
        taken, self.names = self.names, []
        return taken


@pytest.fixture
def broker() -> Broker:
    """One organisation has no room."""
    return Broker(de=0)


@pytest.fixture
async def shop(broker: Broker, tmp_path: Path) -> AsyncIterator[Workshop]:
    """A store of two websites, with an invoice in each; its agent publishes as in production, but for the broker."""
    routed = Routing({name: target(name) for name in ("de", "uk")}, websites={"german": "de", SHOP.website: "uk"})
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}", routed=routed) as made:
        made.session.posting._publisher = EventPublisher(broker, ["de", "uk"], sleep=made.clock.sleep)
        made.store.invoice(1, OPENED, places=GERMAN)
        made.store.invoice(2, OPENED)
        made.clock.advance(600)
        yield made


async def test_the_poller_does_not_wait_for_it(shop: Workshop, broker: Broker) -> None:
    await asyncio.wait_for(shop.poller.poll(), 30)
    first, before = broker.taken(), shop.clock.monotonic()

    shop.store.invoice(3, OPENED, places=GERMAN)
    await asyncio.wait_for(shop.poller.poll(), 30)

    assert first == ["invoice 2", "payment invoice-2"]
    assert shop.clock.monotonic() == before


async def test_an_event_that_is_refused_once_is_published_by_the_same_poll(shop: Workshop, broker: Broker) -> None:
    broker.taken_after = 1

    await shop.poller.poll()

    assert sorted(broker.taken()) == ["invoice 1", "invoice 2", "payment invoice-1", "payment invoice-2"]
    assert broker.refused == {"de": 1}


async def test_what_it_had_no_room_for_is_published_by_a_look_back_once_it_has(shop: Workshop, broker: Broker) -> None:
    await shop.poller.poll()
    broker.taken()

    broker.room["de"] = 2
    shop.clock.advance(300)
    await shop.poller.poll()

    assert broker.taken() == ["invoice 1", "payment invoice-1"]


async def test_the_list_is_not_read_again_each_hour_while_all_of_it_waits_for_room(
    shop: Workshop, broker: Broker
) -> None:
    for number in range(3, 63):
        shop.store.invoice(number, OPENED + timedelta(minutes=number), places=GERMAN)
    shop.clock.advance(6 * 3600)
    await shop.poller.poll()
    shop.store.calls.clear()

    for _ in range(14):
        shop.clock.advance(300)
        await shop.poller.poll()

    # the page that waits, what came in the last quarter of an hour before its end, and the two lists that are empty
    assert shop.store.calls["changes"] <= 14 * (1 + 6 + 2)
    del broker.room["de"]
    shop.clock.advance(300)
    await shop.poller.poll()
    assert {f"invoice {number}" for number in range(3, 63)} < set(broker.taken())


async def test_what_shows_late_behind_what_waits_for_room_is_published_within_a_day(
    shop: Workshop, broker: Broker
) -> None:
    for number in (3, 4, 5):
        shop.store.invoice(number, OPENED, places=GERMAN)
    await shop.poller.poll()
    at = shop.clock.now()
    shop.store.invoice(6, at, visible_at=at + timedelta(minutes=45))
    shop.store.invoice(7, at + timedelta(minutes=20))

    for _ in range(50):
        shop.clock.advance(1800)
        await shop.checkpoints.take_charge(15)
        await shop.poller.poll()

    assert "invoice 1" not in broker.names
    assert "invoice 6" in broker.names


async def test_a_run_waits_for_room_and_leaves_nothing(shop: Workshop, broker: Broker) -> None:
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    async with shop.working("resync-all"):
        await until(lambda: broker.refused["de"] > 20, what="many tries")
        broker.room["de"] = 1
        await shop.finished()

    assert sorted(broker.taken()) == ["invoice 1", "invoice 2"]
    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert (status.state, status.detail) == (RunState.DONE, "")


async def test_a_batch_of_which_some_finds_room_is_told_once(
    shop: Workshop, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.store.invoice(3, OPENED, places=GERMAN)
    broker.taken_after = 14  # four events are refused three times, and two of them once more

    await shop.poller.poll()

    assert "invoice 3" in broker.taken()
    told = capsys.readouterr().out
    assert told.count("events.unrouted ") == 2  # the invoices' route, and the payments'
    assert "events.unrouted.over" not in told
    assert "its queue may be full; the other events go on" in told
