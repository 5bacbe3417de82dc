"""A row that shows later than the poller looks back: a long transaction, a lagging replica, a script's time zone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest

from producers.steps import Step
from producers.store import Changes, Cursor, Stream
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from tests.support.agent_fixture import Died, Workshop, routing, subjects, target, workshop
from tests.support.fake_store import CUSTOMERS, INVOICES, OPENED, many_invoices

MINUTE = timedelta(minutes=1)
A_DAY_S = 86_400


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    """An agent in charge that has read the empty store; it is ten minutes past opening."""
    async with workshop(url) as made:
        await made.poller.poll()
        made.clock.advance(600)
        yield made


async def traded(shop: Workshop) -> None:
    """An hour later something is sold to a new customer, and read: what is dated before that is behind the poller."""
    shop.clock.advance(3600)
    number = 1000 + int(shop.clock.monotonic()) // 3600
    shop.store.customer(number, shop.clock.now())
    shop.store.invoice(number, shop.clock.now())
    shop.clock.advance(120)
    await shop.poller.poll()


async def swept(shop: Workshop, stream: Stream = INVOICES) -> list[tuple[Event, Lane]]:
    """What, a day later, the poller does not publish, and a sweep does."""
    shop.exchange.taken()
    shop.clock.advance(A_DAY_S)
    await shop.poller.poll()
    assert shop.exchange.taken() == []
    await shop.sweeper.sweep(stream)
    return shop.exchange.taken()


def hidden(shop: Workshop, number: int, minutes: int, *, at: datetime | None = None) -> None:
    """An invoice that shows so long after its time of change."""
    at = at or shop.clock.now()
    shop.store.invoice(number, at, visible_at=at + minutes * MINUTE)


@pytest.mark.parametrize("late", [90, 10 * 60, 23 * 60])
async def test_a_row_that_shows_up_to_a_day_late_is_published_by_the_next_sweep(shop: Workshop, late: int) -> None:
    hidden(shop, 1, late)
    await traded(shop)

    assert subjects(await swept(shop)) == ["1"]
    assert await swept(shop) == []


async def test_a_row_that_shows_while_a_long_sweep_goes_on_is_published_by_the_next(shop: Workshop) -> None:
    hidden(shop, 1, 23 * 60)
    await traded(shop)
    shop.clock.advance(A_DAY_S - 3 * 3600)
    changes = shop.store.changes

    async def slowly(stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        found = await changes(stream, after, until=until)
        shop.clock.advance(4 * 3600)
        return found

    shop.store.changes = slowly  # type: ignore[method-assign] # a store that takes hours for a day's changes
    await shop.sweeper.sweep(INVOICES)
    shop.store.changes = changes  # type: ignore[method-assign] # and no longer

    assert subjects(await swept(shop)) == ["1"]


async def test_a_row_that_a_script_dates_hours_back_is_published_by_the_sweep(shop: Workshop) -> None:
    await traded(shop)
    shop.store.invoice(1, shop.clock.now() - timedelta(hours=14))

    assert subjects(await swept(shop)) == ["1"]


async def test_an_edit_of_an_old_row_that_shows_late_is_published_too(shop: Workshop) -> None:
    shop.store.customer(1, shop.clock.now(), name="Ada")
    await traded(shop)
    created, edited = shop.store.row(CUSTOMERS, 1).created_at, shop.clock.now() + timedelta(days=5)
    shop.clock.advance(5 * A_DAY_S)
    await shop.sweeper.sweep(CUSTOMERS)
    await traded(shop)

    shop.store.customer(1, edited, name="Ida", created_at=created)

    assert subjects(await swept(shop, CUSTOMERS), Entity.CUSTOMER) == ["1"]


async def test_what_does_not_differ_is_not_published_again_by_a_sweep(shop: Workshop) -> None:
    many_invoices(shop.store, 10, at=shop.clock.now())
    await traded(shop)

    assert await swept(shop) == []


async def test_a_late_row_goes_into_the_lane_of_what_is_sold_today(url: str) -> None:
    async with workshop(url, routed=routing(target(invoice=Lane.IMMEDIATE))) as shop:
        await shop.poller.poll()
        hidden(shop, 1, 90)
        hidden(shop, 2, 180, at=OPENED - 60 * MINUTE)
        await traded(shop)

        events = await swept(shop)

    lanes = {event.subject: lane for event, lane in events if event.entity is Entity.INVOICE}
    assert lanes == {"1": Lane.IMMEDIATE, "2": Lane.BACKFILL}


async def test_what_did_not_change_since_the_first_reading_is_not_published_by_a_sweep_either(url: str) -> None:
    async with workshop(url, routed=routing(target(start_date=date(2026, 3, 10)))) as shop:
        shop.store.customer(1, OPENED - timedelta(hours=6))
        await shop.poller.poll()
        await traded(shop)

        assert await swept(shop, CUSTOMERS) == []


async def test_a_late_sale_that_is_older_than_the_books_is_not_published(url: str) -> None:
    async with workshop(url, routed=routing(target(start_date=OPENED.date()))) as shop:
        await shop.poller.poll()
        hidden(shop, 1, 13 * 60, at=OPENED - timedelta(hours=12))
        await traded(shop)

        assert await swept(shop) == []


async def test_a_sweep_that_dies_among_late_rows_goes_on_behind_the_pages_it_has_confirmed(shop: Workshop) -> None:
    for number in range(1, 6):
        hidden(shop, number, 90)
    await traded(shop)
    confirmed = 0

    def reached(step: Step) -> None:
        nonlocal confirmed
        confirmed += step is Step.CONFIRMED
        if confirmed == 2:
            raise Died

    shop.exchange.taken()
    shop.clock.advance(3600)
    shop.steps.reached = reached  # type: ignore[method-assign] # the agent ends before the second page is saved
    with pytest.raises(Died):
        await shop.sweeper.sweep(INVOICES)
    before = shop.exchange.taken()
    shop.steps.reached = lambda step: None  # type: ignore[method-assign]
    after = await swept(shop)

    assert (subjects(before), subjects(after)) == (["1", "2", "3", "4", "5"], ["4", "5"])
    # a worker knows the repeated by their ids
    assert {event.id for event, _ in after} <= {event.id for event, _ in before}
    assert await swept(shop) == []


async def test_a_sweep_reads_what_changed_since_a_day_before_the_last_and_no_more(shop: Workshop) -> None:
    many_invoices(shop.store, 100, at=shop.clock.now())
    await traded(shop)
    for _ in range(3):
        shop.clock.advance(A_DAY_S)
        await traded(shop)
        shop.store.calls.clear()
        await shop.sweeper.sweep(INVOICES)

    assert shop.store.calls["changes"] == 2  # these, and what is dated ahead


async def test_a_list_in_which_nothing_changed_since_is_asked_for_what_is_dated_ahead_alone(shop: Workshop) -> None:
    await traded(shop)
    for _ in range(3):
        shop.clock.advance(A_DAY_S)
        shop.store.calls.clear()
        await shop.sweeper.sweep(INVOICES)

    assert shop.store.calls["changes"] == 1
