"""A row that differs, under a date before the one that was published: workers would drop it as stale."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from producers.store import Changes, Cursor, Stream
from schemas.commands import ResyncAll
from schemas.entities import Customer, Entity, Invoice, Removed, Snapshot
from schemas.envelope import Event
from tests.support.agent_fixture import Workshop, workshop
from tests.support.fake_store import CUSTOMERS, INVOICES, FakeStore

A_DAY_S = 86_400
HOUR = timedelta(hours=1)


class Overtaken(FakeStore):
    """Lets something happen between the reading of a page and its arrival."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Stream] = []

    async def changes(self, stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        found = await super().changes(stream, after, until=until)
        if stream in self.meanwhile:
            self.meanwhile.remove(stream)
            await self.overtake()
        return found

    async def overtake(self) -> None:
        """What a test says."""
        raise NotImplementedError


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    """An agent that has published customer 1 and invoice 1, and reads two hours later what is sold then."""
    async with workshop(url, store=Overtaken()) as made:
        await made.poller.poll()
        made.clock.advance(600)
        made.store.customer(1, made.clock.now())
        made.store.invoice(1, made.clock.now())
        made.clock.advance(120)
        await made.poller.poll()
        made.clock.advance(7200)
        made.store.customer(2, made.clock.now())
        made.store.invoice(2, made.clock.now())
        made.clock.advance(120)
        await made.poller.poll()
        yield made


def newest(shop: Workshop, entity: Entity, subject: str = "1") -> Snapshot | Removed:
    """What workers take, whatever else was published of it."""
    return max(_of(shop, entity, subject), key=lambda one: one.version).data


def published_at(shop: Workshop, entity: Entity, subject: str) -> datetime:
    """The version it has been published at so far."""
    return max(one.version for one in _of(shop, entity, subject))


def said(shop: Workshop) -> tuple[str, Decimal]:
    """Customer 1's name, and the net of invoice 1."""
    customer, invoice = newest(shop, Entity.CUSTOMER), newest(shop, Entity.INVOICE)
    assert isinstance(customer, Customer)
    assert isinstance(invoice, Invoice)
    return customer.first_name, invoice.totals.net


def dated_back(shop: Workshop, *, by: timedelta) -> None:
    """A script changes both, and dates them before what was published."""
    shop.store.customer(1, published_at(shop, Entity.CUSTOMER, "1") - by, name="Ida")
    shop.store.invoice(1, published_at(shop, Entity.INVOICE, "1") - by, net="20.00")


async def sweep(shop: Workshop) -> None:
    shop.clock.advance(A_DAY_S // 2)
    for stream in (CUSTOMERS, INVOICES):
        await shop.sweeper.sweep(stream)


async def test_the_next_sweep_publishes_it_above_what_was_published(shop: Workshop) -> None:
    dated_back(shop, by=4 * HOUR)

    await sweep(shop)

    assert said(shop) == ("Ida", Decimal("20.00"))
    told = len(shop.exchange.events)
    await sweep(shop)
    assert len(shop.exchange.events) == told


async def test_a_resync_publishes_it_above_what_was_published(shop: Workshop) -> None:
    dated_back(shop, by=48 * HOUR)
    await shop.record("resync-all", ResyncAll())

    await shop.work_off("resync-all")

    assert said(shop) == ("Ida", Decimal("20.00"))


async def test_what_the_poller_sees_of_it_stays_in_doubt_until_the_row_is_dated_anew(shop: Workshop) -> None:
    shop.store.customer(1, shop.clock.now(), name="Eve")
    shop.clock.advance(120)
    await shop.poller.poll()
    dated_back(shop, by=timedelta(minutes=5))
    shop.clock.advance(301)
    await shop.poller.poll()
    assert said(shop)[0] == "Eve"

    shop.store.touch(CUSTOMERS, 1, shop.clock.now())
    shop.clock.advance(120)
    await shop.poller.poll()

    assert said(shop)[0] == "Ida"


async def test_a_page_that_the_poller_overtook_is_not_taken_for_the_last_word(shop: Workshop) -> None:
    dated_back(shop, by=HOUR)
    assert isinstance(shop.store, Overtaken)

    async def changed_in_the_shop() -> None:
        shop.store.invoice(1, shop.clock.now(), net="30.00")
        shop.clock.advance(61)
        await shop.poller.poll()

    shop.store.overtake = changed_in_the_shop  # type: ignore[method-assign] # what happens meanwhile
    shop.clock.advance(A_DAY_S // 2)
    shop.store.meanwhile = [INVOICES]
    await shop.sweeper.sweep(INVOICES)

    assert said(shop) == ("Ada", Decimal("30.00"))


def _of(shop: Workshop, entity: Entity, subject: str) -> list[Event]:
    return [event for event, _ in shop.exchange.events if (event.entity, event.subject) == (entity, subject)]
