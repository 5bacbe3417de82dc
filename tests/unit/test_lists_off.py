"""A list of which no organisation takes anything is left alone, until one does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from producers.pace import Stopped
from producers.store import Changes, Cursor, StoreRefuses, Stream
from schemas.envelope import Change, Lane
from tests.agent_fixture import Workshop, routing, target, workshop
from tests.fake_store import CUSTOMERS, OPENED, FakeStore
from tests.waiting import until

OFF = routing(target(customer=None))
A_DAY_S = 86_400


class RefusesCustomers(FakeStore):
    """Whoever may read sales, and no customers."""

    async def changes(self, stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        if stream is CUSTOMERS:
            raise StoreRefuses("GET /customers: allow Magento_Customer::manage")
        return await super().changes(stream, after, until=until)


async def swept(shop: Workshop) -> None:
    """Each list whose time has come."""
    sweeping = asyncio.create_task(shop.sweeper.run())
    rested = shop.clock.monotonic()
    await until(lambda: shop.clock.monotonic() > rested, what="the look at all lists")
    shop.stop.ask()
    with suppress(Stopped):
        await sweeping


async def test_sales_are_read_though_the_store_refuses_what_nobody_takes(url: str) -> None:
    async with workshop(url, store=RefusesCustomers(), routed=OFF) as shop:
        shop.store.invoice(7, OPENED)
        shop.clock.advance(600)

        await asyncio.wait_for(shop.poller.poll(), 30)

        assert shop.exchange.names() == ["invoice 7", "payment invoice-7"]


async def test_a_list_that_is_taken_later_begins_as_at_a_first_start(url: str) -> None:
    store = FakeStore()
    async with workshop(url, store=store, routed=OFF) as shop:
        store.customer(1, OPENED)
        store.customer(2, OPENED + timedelta(hours=1))
        shop.clock.advance(A_DAY_S)
        await shop.poller.poll()
        assert shop.exchange.taken() == []

    async with workshop(url, store=store, clock=shop.clock) as shop:
        await shop.poller.poll()

        assert [(event.subject, lane) for event, lane in shop.exchange.taken()] == [
            ("1", Lane.BACKFILL),
            ("2", Lane.BACKFILL),
        ]


async def test_what_is_deleted_while_its_list_is_off_is_told_once_it_is_on(url: str) -> None:
    store = FakeStore()
    async with workshop(url, store=store) as shop:
        store.customer(1, OPENED)
        shop.clock.advance(600)
        await shop.poller.poll()
    store.delete(CUSTOMERS, 1)
    shop.clock.advance(A_DAY_S)
    async with workshop(url, store=store, clock=shop.clock, routed=OFF) as shop:
        await swept(shop)
        assert shop.exchange.taken() == []

    async with workshop(url, store=store, clock=shop.clock) as shop:
        await swept(shop)

        assert [(event.subject, event.change) for event, _ in shop.exchange.taken()] == [("1", Change.REMOVED)]
