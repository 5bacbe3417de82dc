"""An edit is dated back behind what no queue takes: nothing but a sweep can publish it above what was published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from producers.routing import Routing
from producers.store import Place
from schemas.entities import Entity, Invoice
from tests.support.agent_fixture import Workshop, target, workshop
from tests.support.fake_store import INVOICES, OPENED, SHOP
from tests.unit.agent.test_unrouted import GERMAN, WRONG, Misbound, exchange_of

A_DAY_S = 86_400
OTHER = (Place("nz"),)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """Invoices 1 and 2 are edited while the store's clock is hours ahead, and again when it is right.

    Meanwhile the queue of another organisation, which invoice 3 is for, has become wrong.
    """
    websites = {"german": "de", SHOP.website: "uk", "nz": "nz"}
    routed = Routing({name: target(name) for name in websites.values()}, websites=websites)
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}", routed=routed) as made:
        made.exchange = made.session.posting._publisher = Misbound(refused={"nz": WRONG})
        made.store.time = lambda: made.clock.now() + timedelta(hours=10)
        edited(made, net="10.00")
        await polled(made)
        made.store.time = made.clock.now
        made.store.invoice(3, OPENED - timedelta(hours=1), places=OTHER)
        edited(made, net="20.00")
        await polled(made)
        yield made


def edited(shop: Workshop, *, net: str) -> None:
    shop.store.invoice(1, shop.store.time(), net=net, places=GERMAN)
    shop.store.invoice(2, shop.store.time(), net=net)


async def polled(shop: Workshop) -> None:
    shop.clock.advance(600)
    await shop.checkpoints.take_charge(15)
    await shop.poller.poll()


async def swept_a_day_later(shop: Workshop) -> None:
    shop.clock.advance(A_DAY_S)
    await polled(shop)
    await shop.sweeper.sweep(INVOICES)


def booked(shop: Workshop, subject: str) -> Decimal | None:
    """The net of its newest version, as workers take it, whatever else was published of it."""
    told = [event for event, _ in shop.exchange.events if (event.entity, event.subject) == (Entity.INVOICE, subject)]
    data = max(told, key=lambda one: one.version).data if told else None
    return data.totals.net if isinstance(data, Invoice) else None


async def test_the_next_sweep_publishes_it_though_that_queue_stays_wrong(shop: Workshop) -> None:
    before = booked(shop, "2")

    await swept_a_day_later(shop)

    assert (before, booked(shop, "2"), booked(shop, "3")) == (Decimal("10.00"), Decimal("20.00"), None)


async def test_what_its_own_queue_does_not_take_is_published_by_a_sweep_after_days_once_it_does(shop: Workshop) -> None:
    exchange_of(shop).refused["de"] = WRONG
    for _ in range(3):
        await swept_a_day_later(shop)
    before = booked(shop, "1")

    exchange_of(shop).refused.clear()
    await swept_a_day_later(shop)

    assert (before, booked(shop, "1")) == (Decimal("10.00"), Decimal("20.00"))


async def test_what_its_queue_alone_keeps_back_is_the_pollers_and_has_no_sweep_repeated(shop: Workshop) -> None:
    await swept_a_day_later(shop)  # the edits that were dated back
    told = len(exchange_of(shop).events)

    shop.store.invoice(4, shop.clock.now() - timedelta(minutes=30), places=OTHER)
    await polled(shop)
    refused = shop.session.posting.unrouted.total()
    await shop.sweeper.sweep(INVOICES)

    reading = await shop.checkpoints.reading(INVOICES)
    assert reading is not None
    assert reading.swept_at == shop.clock.now()
    assert (len(exchange_of(shop).events), shop.session.posting.unrouted.total()) == (told, refused)


async def test_what_changed_just_now_is_left_to_the_poller(shop: Workshop) -> None:
    await swept_a_day_later(shop)
    told = len(exchange_of(shop).events)

    shop.store.invoice(5, shop.clock.now() - timedelta(seconds=5))
    await shop.sweeper.sweep(INVOICES)

    assert len(exchange_of(shop).events) == told
