"""One organisation has no sound queue: the others go on, and of its events nothing counts as published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from producers.amqp import AmqpError, Forbidden, TopologyMismatch, Unroutable
from producers.posting import Route
from producers.routing import Routing
from producers.runs import RunState
from producers.store import Place
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from tests.support.agent_fixture import Exchange, Workshop, subjects, target, workshop
from tests.support.fake_store import INVOICES, OPENED, SHOP, many_invoices
from tests.support.waiting import until

MINUTE = timedelta(minutes=1)
DAY_S = 24 * 3600
GERMAN = (Place("german"),)
WRONG = TopologyMismatch("xerelay.de.batch", "406 inequivalent arg")


@dataclass
class Misbound(Exchange):
    """Refuses what is for some organisations."""

    refused: dict[str, AmqpError] = field(default_factory=dict)

    async def publish(self, event: Event, lane: Lane, *, data: str = "", waits_for_room: bool = True) -> None:
        if event.organisation in self.refused:
            raise self.refused[event.organisation]
        await super().publish(event, lane, data=data)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """A store of two websites, with an invoice in each; it is ten minutes past opening."""
    targets = {name: target(name) for name in ("de", "uk")}
    routed = Routing(targets, websites={"german": "de", SHOP.website: "uk"})
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}", routed=routed) as made:
        made.exchange = made.session.posting._publisher = Misbound(refused={"de": WRONG})
        made.store.invoice(1, OPENED, places=GERMAN)
        made.store.invoice(2, OPENED + MINUTE)
        made.clock.advance(600)
        yield made


def exchange_of(shop: Workshop) -> Misbound:
    assert isinstance(shop.exchange, Misbound)
    return shop.exchange


@pytest.mark.parametrize(
    "error",
    [WRONG, TopologyMismatch("xerelay.de.events", "404", forbidden=True), Unroutable("none"), Forbidden("403")],
)
async def test_what_one_organisation_cannot_get_keeps_nothing_from_the_others(error: AmqpError, shop: Workshop) -> None:
    exchange_of(shop).refused["de"] = error

    await shop.poller.poll()
    first = shop.exchange.names()
    shop.store.invoice(3, OPENED + 10 * MINUTE)
    shop.clock.advance(120)
    await shop.poller.poll()

    assert (first, shop.exchange.names()) == (["invoice 2", "payment invoice-2"], ["invoice 3", "payment invoice-3"])


async def test_what_had_no_queue_is_published_once_there_is_one(shop: Workshop) -> None:
    await shop.poller.poll()
    exchange_of(shop).refused.clear()
    shop.exchange.taken()

    shop.clock.advance(300)
    await shop.poller.poll()
    mended = shop.exchange.names()
    shop.clock.advance(300)
    await shop.poller.poll()

    assert mended == ["invoice 1", "payment invoice-1"]
    assert shop.exchange.names() == []


async def test_while_it_has_none_the_list_is_not_read_again_from_there_to_its_end(shop: Workshop) -> None:
    many_invoices(shop.store, 60, first=3, at=OPENED + 2 * MINUTE)
    shop.clock.advance(3600)
    shop.store.invoice(100, shop.clock.now())
    shop.clock.advance(120)
    await shop.poller.poll()
    shop.store.calls.clear()

    shop.clock.advance(300)
    await shop.poller.poll()

    # the page that is held up, what the last quarter of an hour brought, and the two lists that are empty
    assert shop.store.calls["changes"] == 4


async def test_what_comes_behind_it_late_is_published_all_the_same(shop: Workshop) -> None:
    many_invoices(shop.store, 60, first=3, at=OPENED + 2 * MINUTE)
    shop.clock.advance(3600)
    shop.store.invoice(100, shop.clock.now())
    shop.store.invoice(101, shop.clock.now() - 10 * MINUTE, visible_at=shop.clock.now() + 3 * MINUTE)
    shop.clock.advance(120)
    await shop.poller.poll()
    shop.exchange.taken()

    shop.clock.advance(300)
    await shop.poller.poll()

    assert shop.exchange.names() == ["invoice 101", "payment invoice-101"]


async def test_what_no_longer_waits_behind_what_does_is_published_within_an_hour(shop: Workshop) -> None:
    exchange_of(shop).refused["uk"] = WRONG
    many_invoices(shop.store, 6, first=3)
    shop.store.invoice(9, OPENED + 90 * MINUTE)
    shop.clock.advance(2 * 3600)
    await shop.poller.poll()

    del exchange_of(shop).refused["uk"]
    for _ in range(13):
        shop.clock.advance(300)
        await shop.poller.poll()

    # those beside it at once, what the last quarter of an hour brought, and the others
    assert subjects(shop.exchange.taken()) == ["3", "4", "9", "5", "6", "7", "8", "2"]


async def test_it_is_published_by_the_next_agent_where_this_one_ends_meanwhile(shop: Workshop, tmp_path: Path) -> None:
    await shop.poller.poll()
    shop.clock.advance(3600)
    await shop.poller.poll()
    shop.exchange.taken()
    reading = await shop.checkpoints.reading(INVOICES)

    again = Workshop(shop.ledger, shop.store, shop.clock, routed=shop.routing, holder="a1")
    assert await again.checkpoints.take_charge(15)
    await again.poller.poll()

    assert reading is not None
    assert reading.cursor.changed_at <= OPENED
    assert again.exchange.names() == ["invoice 1", "payment invoice-1"]


async def test_it_is_told_once_counted_and_shows_as_lag(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        await shop.poller.poll()
        shop.clock.advance(300)

    told = capsys.readouterr().out
    assert told.count("events.unrouted ") == 2  # the invoice's route, and the payment's
    assert "rabbitmqctl delete_queue xerelay.de.batch" in told
    assert shop.session.posting.unrouted[Route("de", Entity.INVOICE, Lane.BACKFILL)] == 3
    assert shop.session.posting.published[Route("uk", Entity.INVOICE, Lane.BACKFILL)] == 1
    assert shop.poller.late_by(shop.clock.now())["invoices"] > timedelta(minutes=15)


async def test_a_run_goes_on_with_the_other_organisations_and_says_what_is_left(shop: Workshop) -> None:
    many_invoices(shop.store, 6, first=3)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    await shop.work_off("resync-all")

    assert shop.exchange.names() == [f"invoice {number}" for number in range(2, 9)]
    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert status.state is RunState.DONE
    assert status.detail.startswith("no queue took 1 of de: ")
    invoices = status.streams["invoices"]
    assert (invoices.rows, invoices.published, invoices.skipped) == (8, 7, 0)


async def test_the_agent_that_takes_a_run_over_tries_again_what_had_no_queue(shop: Workshop) -> None:
    many_invoices(shop.store, 30, first=3)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
    async with shop.working("resync-all"):
        await until(lambda: len(shop.exchange.events) >= 7, what="some pages")
    await shop.checkpoints.hand_over()

    other = Workshop(shop.ledger, shop.store, shop.clock, routed=shop.routing, holder="a2")
    assert await other.checkpoints.take_charge(15)
    await other.work_off("resync-all")

    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert (status.state, status.detail) == (RunState.DONE, "")
    assert other.exchange.names() == [f"invoice {number}" for number in range(1, 33)]


async def test_of_a_row_that_a_run_could_not_publish_the_poller_knows_nothing(shop: Workshop) -> None:
    await shop.record("resync-all", ResyncAll())
    await shop.work_off("resync-all")
    shop.exchange.taken()
    exchange_of(shop).refused.clear()

    await shop.poller.poll()

    assert shop.exchange.names() == ["invoice 1", "payment invoice-1"]


@pytest.fixture
async def swept(shop: Workshop) -> Workshop:
    """All is published; then the queue of one organisation is wrong, and a day goes by."""
    wrong = exchange_of(shop).refused.pop("de")
    await shop.poller.poll()
    shop.clock.advance(2 * DAY_S)
    many_invoices(shop.store, 6, first=11, at=shop.clock.now())
    shop.clock.advance(600)
    await shop.poller.poll()
    shop.exchange.taken()
    exchange_of(shop).refused["de"] = wrong
    return shop


async def test_the_removal_that_has_no_queue_is_published_by_the_next_sweep_once_it_has_one(swept: Workshop) -> None:
    for number in (1, 2):
        swept.store.delete(INVOICES, number)

    gone = await swept.sweeper.sweep(INVOICES)
    first = swept.exchange.names()
    exchange_of(swept).refused.clear()
    gone += await swept.sweeper.sweep(INVOICES)

    assert first == ["payment invoice-2", "invoice 2"]
    assert swept.exchange.names() == ["payment invoice-1", "invoice 1"]
    assert gone == 2
    assert await swept.sweeper.sweep(INVOICES) == 0


async def test_a_mended_row_that_has_no_queue_is_published_by_the_next_sweep_once_it_has_one(shop: Workshop) -> None:
    for number in (1, 2):
        shop.store.row(INVOICES, number).broken = "its order is gone"
    await shop.poller.poll()
    for number in (1, 2):
        shop.store.row(INVOICES, number).broken = ""

    await shop.sweeper.sweep(INVOICES)
    first = shop.exchange.names()
    exchange_of(shop).refused.clear()
    await shop.sweeper.sweep(INVOICES)

    assert first == ["invoice 2", "payment invoice-2"]
    assert shop.exchange.names() == ["invoice 1", "payment invoice-1"]


async def test_a_late_row_that_has_no_queue_is_published_by_the_next_sweep_once_it_has_one(swept: Workshop) -> None:
    late = swept.clock.now() - timedelta(hours=3)
    swept.store.invoice(3, late, places=GERMAN)
    swept.store.invoice(4, late)

    await swept.sweeper.sweep(INVOICES)
    first = swept.exchange.names()
    exchange_of(swept).refused.clear()
    await swept.sweeper.sweep(INVOICES)

    assert first == ["invoice 4", "payment invoice-4"]
    assert swept.exchange.names() == ["invoice 3", "payment invoice-3"]


async def test_a_sweep_that_left_something_is_done_again_in_an_hour_and_another_in_a_day(swept: Workshop) -> None:
    swept.store.delete(INVOICES, 1)
    sweeping = asyncio.create_task(swept.sweeper.run())
    begun = swept.clock.monotonic()
    await until(lambda: swept.session.posting.unrouted.total() >= 4, what="a second look")
    again = swept.clock.monotonic() - begun
    exchange_of(swept).refused.clear()
    await until(lambda: "invoice 1" in swept.exchange.names(), what="the removal")
    sweeping.cancel()

    assert again >= 3600
    reading = await swept.checkpoints.reading(INVOICES)
    assert reading is not None


async def test_others_do_not_wait_behind_it_when_a_clock_that_was_ahead_is_put_right(shop: Workshop) -> None:
    right = shop.clock.now
    shop.store.time = lambda: right() + timedelta(days=3)
    shop.store.invoice(3, shop.store.time() - 5 * MINUTE)
    await shop.poller.poll()
    shop.exchange.taken()

    shop.store.time = right
    shop.store.invoice(4, right())
    shop.clock.advance(120)
    await shop.poller.poll()

    assert shop.exchange.names() == ["invoice 4", "payment invoice-4"]
