"""A replica that lags, or a cached list, does not show the newest rows: they are not taken for deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.entities import Invoice
from schemas.envelope import Change, Event
from tests.support.agent_fixture import Workshop, workshop
from tests.support.fake_store import CREDIT_MEMOS, INVOICES, many_invoices

A_DAY_S = 86_400
NEW = 31


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    """An agent that has read 30 invoices days ago, and one more just now."""
    async with workshop(url) as made:
        many_invoices(made.store, NEW - 1)
        made.clock.advance(3 * A_DAY_S)
        made.store.invoice(NEW, made.clock.now())
        made.clock.advance(90)
        await made.poller.poll()
        yield made


async def swept(shop: Workshop) -> list[str]:
    """What a sweep publishes as removed."""
    shop.exchange.taken()
    for stream in (CREDIT_MEMOS, INVOICES):
        await shop.sweeper.sweep(stream)
    return removed([event for event, _ in shop.exchange.taken()])


def removed(events: Sequence[Event]) -> list[str]:
    assert {event.change for event in events} <= {Change.REMOVED}
    return [f"{event.entity} {event.subject}" for event in events]


async def test_the_newest_sale_is_not_removed_while_a_replica_lags(shop: Workshop) -> None:
    shop.store.row(INVOICES, NEW).visible_at = shop.clock.now() + timedelta(minutes=2)

    while_it_lags = await swept(shop)
    shop.clock.advance(2 * A_DAY_S)

    assert (while_it_lags, await swept(shop)) == ([], [])


async def test_a_replica_whose_clock_is_behind_too_does_not_have_it_removed(shop: Workshop) -> None:
    right = shop.store.time
    shop.store.time = lambda: right() - timedelta(minutes=10)
    shop.store.row(INVOICES, NEW).visible_at = right()

    assert await swept(shop) == []


async def test_what_is_deleted_on_the_day_of_its_sale_is_removed_by_the_sweep_of_the_next(shop: Workshop) -> None:
    shop.store.delete(INVOICES, NEW)

    same_day = await swept(shop)
    shop.clock.advance(A_DAY_S)

    assert (same_day, await swept(shop)) == ([], [f"payment invoice-{NEW}", f"invoice {NEW}"])
    assert await swept(shop) == []


async def test_what_is_older_is_removed_at_once_beside_it(shop: Workshop) -> None:
    shop.store.row(INVOICES, NEW).visible_at = shop.clock.now() + timedelta(minutes=2)
    shop.store.delete(INVOICES, 7)

    assert await swept(shop) == ["payment invoice-7", "invoice 7"]


async def test_the_newest_count_too_when_a_list_that_shrinks_is_not_believed(shop: Workshop) -> None:
    many_invoices(shop.store, 15, first=100, at=shop.clock.now())
    shop.clock.advance(90)
    await shop.poller.poll()
    shop.exchange.taken()
    for number in [*range(1, 11), *range(100, 115)]:
        shop.store.delete(INVOICES, number)

    gone = await swept(shop)

    assert (gone, shop.sweeper.withheld["invoices"]) == ([], 25)


async def test_what_a_replica_does_not_know_yet_is_not_put_back_to_what_it_was(shop: Workshop) -> None:
    before = replace(shop.store.row(INVOICES, NEW))
    shop.clock.advance(7200)
    shop.store.invoice(NEW, shop.clock.now(), net="11.00")
    shop.clock.advance(75)
    await shop.poller.poll()
    edited = shop.store.row(INVOICES, NEW)

    shop.store.put(INVOICES, before)  # which the replica still has
    await shop.sweeper.sweep(INVOICES)
    by_the_replica = newest_net(shop)
    shop.store.put(INVOICES, edited)
    shop.clock.advance(600)
    await shop.poller.poll()

    assert (by_the_replica, newest_net(shop)) == (Decimal("11.00"), Decimal("11.00"))


async def test_what_a_script_dates_back_just_after_a_change_is_published_by_a_later_sweep(shop: Workshop) -> None:
    shop.store.invoice(NEW, shop.clock.now() - timedelta(hours=5), net="12.00")

    await shop.sweeper.sweep(INVOICES)
    too_early = newest_net(shop)
    shop.clock.advance(A_DAY_S)
    await shop.sweeper.sweep(INVOICES)

    assert (too_early, newest_net(shop)) == (Decimal("10.00"), Decimal("12.00"))


def newest_net(shop: Workshop) -> Decimal:
    """What workers take of the newest invoice, whatever else was published of it."""
    events = [event for event, _ in shop.exchange.events if event.subject == str(NEW)]
    data = max(events, key=lambda one: one.version).data
    assert isinstance(data, Invoice)
    return data.totals.net
