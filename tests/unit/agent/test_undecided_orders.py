"""A row of which the store says nothing for a while, as of an order on hold: what was published of it stays."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.agent_fixture import Workshop, workshop
from tests.support.fake_store import INVOICES, OPENED

A_DAY_S = 86_400


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    """An agent that has published invoice 1 and its payment, days before the store puts them on hold."""
    async with workshop(url) as made:
        made.store.invoice(1, OPENED)
        made.clock.advance(120)
        await made.poller.poll()
        made.clock.advance(3 * A_DAY_S)
        kept = made.store.row(INVOICES, 1)
        kept.snapshots, kept.changed_at = (), made.clock.now()
        made.exchange.taken()
        yield made


async def read(shop: Workshop) -> list[str]:
    """What is published of it by a poll, and by a sweep two days later."""
    shop.clock.advance(120)
    await shop.poller.poll()
    shop.clock.advance(2 * A_DAY_S)
    await shop.sweeper.sweep(INVOICES)
    return shop.exchange.names()


async def test_what_is_put_on_hold_is_neither_changed_nor_removed(shop: Workshop) -> None:
    assert await read(shop) == []


async def test_what_is_released_as_it_was_is_not_published_again(shop: Workshop) -> None:
    await read(shop)

    shop.store.invoice(1, OPENED)
    shop.store.touch(INVOICES, 1, shop.clock.now())

    assert await read(shop) == []


async def test_what_is_released_with_a_change_is_published(shop: Workshop) -> None:
    await read(shop)

    shop.store.invoice(1, shop.clock.now(), net="11.00")

    assert await read(shop) == ["invoice 1", "payment invoice-1"]
