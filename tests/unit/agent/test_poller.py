"""What changed is published once, whatever the store does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from producers.routing import Routing
from producers.steps import Step
from producers.store import Cursor, Place
from schemas.entities import Entity
from schemas.envelope import Change, Lane
from tests.support.agent_fixture import Workshop, routing, subjects, target, workshop
from tests.support.fake_store import INVOICES, OPENED, many_invoices
from tests.support.waiting import until

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    """An agent in charge; it is ten minutes past opening."""
    async with workshop(url) as made:
        made.clock.advance(600)
        yield made


async def test_everything_that_changed_is_published_in_the_lane_of_its_entity(url: str) -> None:
    async with workshop(url, routed=routing(target(invoice=Lane.IMMEDIATE))) as shop:
        await shop.poller.poll()
        shop.store.customer(1, OPENED)
        shop.store.invoice(7, OPENED)
        shop.clock.advance(600)

        await shop.poller.poll()

        events = shop.exchange.taken()
    assert [(event.entity, event.subject, lane) for event, lane in events] == [
        (Entity.CUSTOMER, "1", Lane.BATCH),
        (Entity.INVOICE, "7", Lane.IMMEDIATE),
        (Entity.PAYMENT, "invoice-7", Lane.BATCH),
    ]
    assert {(event.source, event.organisation, event.version, event.change) for event, _ in events} == {
        ("shop", "main", OPENED, Change.CHANGED)
    }


async def test_what_was_there_before_the_agent_came_goes_into_the_backfill_lane(shop: Workshop) -> None:
    shop.store.invoice(1, OPENED)
    await shop.poller.poll()
    before = {lane for _, lane in shop.exchange.taken()}

    shop.store.invoice(2, shop.clock.now())
    shop.clock.advance(60)
    await shop.poller.poll()

    assert (before, {lane for _, lane in shop.exchange.taken()}) == ({Lane.BACKFILL}, {Lane.BATCH})


async def test_nothing_is_published_twice(shop: Workshop) -> None:
    many_invoices(shop.store, 10)

    await shop.poller.poll()
    first = shop.exchange.taken()
    await shop.poller.poll()

    assert sorted(subjects(first), key=int) == [str(n) for n in range(1, 11)]
    assert shop.exchange.taken() == []


async def test_a_row_that_is_touched_without_a_difference_publishes_nothing(shop: Workshop) -> None:
    many_invoices(shop.store, 4)
    await shop.poller.poll()
    shop.exchange.taken()

    shop.store.touch(INVOICES, 2, shop.clock.now())
    shop.store.invoice(3, shop.clock.now(), net="11.00")
    shop.clock.advance(120)
    await shop.poller.poll()

    assert shop.exchange.names() == ["invoice 3", "payment invoice-3"]


async def test_a_row_is_read_no_earlier_than_the_lag(shop: Workshop) -> None:
    shop.store.invoice(1, shop.clock.now() - timedelta(seconds=59))

    await shop.poller.poll()
    early = shop.exchange.names()
    shop.clock.advance(1)
    await shop.poller.poll()

    assert early == []
    assert shop.exchange.names() == ["invoice 1", "payment invoice-1"]


async def test_a_row_that_shows_minutes_after_its_change_is_found_by_the_rereading(shop: Workshop) -> None:
    hidden_until = shop.clock.now() + 8 * MINUTE
    shop.store.invoice(1, shop.clock.now() - 2 * MINUTE)
    shop.store.invoice(2, shop.clock.now() - 2 * MINUTE - timedelta(seconds=5), visible_at=hidden_until)
    await shop.poller.poll()
    first = shop.exchange.names()

    shop.clock.advance(9 * 60)
    await shop.poller.poll()

    assert first == ["invoice 1", "payment invoice-1"]
    assert shop.exchange.names() == ["invoice 2", "payment invoice-2"]


async def test_rows_of_one_second_are_all_read_though_a_step_ends_between_them(shop: Workshop) -> None:
    for number in range(1, 9):
        shop.store.invoice(number, OPENED)

    await shop.poller.poll()

    assert subjects(shop.exchange.taken()) == [str(n) for n in range(1, 9)]


async def test_a_cursor_is_saved_only_after_the_broker_has_confirmed(shop: Workshop) -> None:
    many_invoices(shop.store, 3)

    await shop.poller.poll()

    at = {step: shop.steps.steps.index(step) for step in Step if step is not Step.RECORDED}
    assert at[Step.FETCHED] < at[Step.TRANSLATED] < at[Step.PUBLISHED] < at[Step.CONFIRMED]
    assert shop.steps.steps.index(Step.CHECKPOINTED, at[Step.CONFIRMED]) > at[Step.CONFIRMED]
    reading = await shop.checkpoints.reading(INVOICES)
    assert reading is not None
    assert reading.cursor == Cursor(OPENED + timedelta(seconds=2), 3)


async def test_what_the_broker_has_lost_is_published_again(shop: Workshop) -> None:
    many_invoices(shop.store, 2)
    shop.exchange.away = 3

    await shop.poller.poll()

    assert sorted(shop.exchange.names()) == ["invoice 1", "invoice 2", "payment invoice-1", "payment invoice-2"]


async def test_an_older_sale_is_not_published_and_the_first_reading_says_how_many(shop: Workshop) -> None:
    old = OPENED.replace(year=2025)
    for number in range(1, 4):
        shop.store.invoice(number, old)
        shop.store.customer(number, old)
    shop.store.invoice(4, OPENED)
    shop.store.touch(INVOICES, 2, OPENED)

    await shop.poller.poll()

    assert shop.exchange.names() == ["invoice 4", "payment invoice-4"]
    fate = "published when they change, or all by `xerelay resync-all --store shop --entity customer`"
    assert shop.said == [
        f"shop customers: 3 of 3 are older than 2026-01-01: {fate}",
        "shop invoices: 3 of 4 are older than 2026-01-01: they are not published",
    ]


async def test_a_refund_of_an_older_sale_is_published(shop: Workshop) -> None:
    shop.store.invoice(1, OPENED.replace(year=2025))
    shop.store.refund(9, 1, OPENED)

    await shop.poller.poll()

    assert shop.exchange.names() == ["credit_memo 9", "payment refund-9"]


async def test_what_is_left_out_is_said_once(shop: Workshop) -> None:
    shop.store.customer(1, OPENED.replace(year=2025))

    await shop.poller.poll()
    await shop.poller.poll()

    assert len(shop.said) == 1


async def test_an_entity_whose_lane_is_off_is_not_published(url: str) -> None:
    async with workshop(url, routed=routing(target(payment=None))) as shop:
        shop.store.invoice(1, OPENED)
        shop.clock.advance(600)

        await shop.poller.poll()

        assert shop.exchange.names() == ["invoice 1"]


async def test_the_check_at_the_start_asks_for_no_list_that_nobody_wants(url: str) -> None:
    async with workshop(url, routed=routing(target(customer=None))) as shop:
        polling = asyncio.create_task(shop.poller.run())
        await until(lambda: bool(shop.store.calls["changes"]), what="the first poll")
        polling.cancel()

        assert shop.store.checked == ["invoices", "credit_memos"]


async def test_a_place_decides_the_organisation_and_a_view_goes_over_its_website(url: str) -> None:
    targets = {name: target(name) for name in ("uk", "ie", "nz")}
    routed = Routing(targets, websites={"base": "uk", "kiwi": "nz"}, views={"irish": "ie"})
    async with workshop(url, routed=routed) as shop:
        shop.store.customer(1, OPENED, places=(Place("base", "english"),))
        shop.store.customer(2, OPENED, places=(Place("base", "irish"),))
        shop.store.customer(3, OPENED, places=(Place("elsewhere"),))
        shop.store.customer(4, OPENED, places=(Place("kiwi"), Place("base"), Place("base", "english")))
        shop.clock.advance(600)

        await shop.poller.poll()

        fed = [(event.subject, event.organisation) for event, _ in shop.exchange.taken()]
    assert fed == [("1", "uk"), ("2", "ie"), ("4", "nz"), ("4", "uk")]


async def test_each_organisation_has_its_own_start(url: str) -> None:
    targets = {"old": target("old", start_date=date(2026, 1, 1)), "new": target("new", start_date=date(2026, 3, 1))}
    both = (Place("base"), Place("other"))
    async with workshop(url, routed=Routing(targets, websites={"base": "old", "other": "new"})) as shop:
        shop.store.invoice(1, OPENED - timedelta(days=10), places=both)
        shop.clock.advance(600)

        await shop.poller.poll()

        assert {event.organisation for event, _ in shop.exchange.taken()} == {"old"}


async def test_an_id_depends_on_the_content_and_its_version_alone(shop: Workshop, url: str, tmp_path: Path) -> None:
    shop.store.invoice(1, OPENED)
    await shop.poller.poll()
    ids = [event.id for event, _ in shop.exchange.taken()]

    async with workshop(f"{url}2", store=shop.store) as other:
        other.clock.advance(900)
        await other.poller.poll()
        again = [event.id for event, _ in other.exchange.taken()]

    assert again == ids
    assert len(set(ids)) == 2
