"""A row whose time of change has not come yet, as a script or an import dates it: by days, or by years."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from schemas.envelope import Event
from tests.support.agent_fixture import Workshop, workshop
from tests.support.fake_store import CUSTOMERS, INVOICES, many_invoices

A_DAY_S = 86_400
YEARS = timedelta(days=3650)


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    """An agent that has published customer 1, and invoice 1 of today."""
    async with workshop(url) as made:
        await made.poller.poll()
        made.clock.advance(600)
        made.store.customer(1, made.clock.now())
        made.store.invoice(1, made.clock.now())
        await polled(made)
        yield made


async def polled(shop: Workshop) -> list[Event]:
    """What the poller publishes of what has changed until now."""
    shop.exchange.taken()
    shop.clock.advance(120)
    await shop.poller.poll()
    return [event for event, _ in shop.exchange.taken()]


async def swept(shop: Workshop) -> list[Event]:
    """What the next hour's sweeps publish."""
    shop.exchange.taken()
    shop.clock.advance(3600)
    for stream in (INVOICES, CUSTOMERS):
        await shop.sweeper.sweep(stream)
    return [event for event, _ in shop.exchange.taken()]


@pytest.mark.parametrize("ahead", [timedelta(hours=14), YEARS, 200 * YEARS])
async def test_it_is_published_by_the_next_sweep_and_no_more(shop: Workshop, ahead: timedelta) -> None:
    shop.store.invoice(2, shop.clock.now())
    shop.store.touch(INVOICES, 2, shop.clock.now() + ahead)
    before = await polled(shop)

    published = await swept(shop)

    assert before == []
    assert [event.subject for event in published] == ["2", "invoice-2"]
    assert await swept(shop) == []


async def test_all_of_them_are_published_though_they_fill_several_pages(shop: Workshop) -> None:
    many_invoices(shop.store, 8, first=2, at=shop.clock.now() + YEARS)

    published = await swept(shop)

    assert len(published) == 16


async def test_an_edit_of_what_was_published_that_is_dated_ahead_is_published(shop: Workshop) -> None:
    shop.store.customer(1, shop.clock.now() + YEARS, name="Ida")

    assert [event.subject for event in await swept(shop)] == ["1"]


async def test_it_is_not_published_again_when_its_date_comes(shop: Workshop) -> None:
    shop.store.invoice(2, shop.clock.now() + timedelta(days=3))
    await swept(shop)

    shop.clock.advance(3 * A_DAY_S)

    assert await polled(shop) == []
