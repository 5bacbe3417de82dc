"""A run and the poller read one store at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.commands import ResyncAll, SyncNow
from schemas.entities import Entity
from tests.agent_fixture import Workshop, workshop
from tests.fake_store import INVOICES, OPENED
from tests.waiting import until


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as made:
        made.clock.advance(600)
        yield made


async def test_a_page_confirmed_late_does_not_hide_a_change_back_to_what_it_held(shop: Workshop) -> None:
    old = OPENED - timedelta(days=400)
    shop.store.customer(1, old, name="Ada")
    await shop.poller.poll()
    await shop.record("resync-all", ResyncAll(entities=(Entity.CUSTOMER,)))
    shop.exchange.hold = asyncio.Event()
    async with shop.working("resync-all"):
        await until(lambda: shop.exchange.waiting == 1)
        confirmed, shop.exchange.hold = shop.exchange.hold, None
        shop.store.customer(1, shop.clock.now(), name="Ida")
        shop.clock.advance(120)
        await shop.poller.poll()
        confirmed.set()
        await shop.finished()
    shop.exchange.taken()
    shop.store.customer(1, shop.clock.now(), name="Ada")
    shop.clock.advance(120)

    await shop.poller.poll()

    assert shop.exchange.names() == ["customer 1"]


async def test_a_run_for_a_part_of_a_mended_row_leaves_the_rest_to_the_sweep(shop: Workshop) -> None:
    shop.store.invoice(1, OPENED, broken="payment is missing")
    await shop.poller.poll()
    shop.store.row(INVOICES, 1).broken = ""
    await shop.record("sync-now", SyncNow(entity=Entity.INVOICE, ids=("1",)))
    await shop.work_off("sync-now")
    by_the_run = shop.exchange.names()

    await shop.sweeper.sweep(INVOICES)
    by_the_sweep = shop.exchange.names()
    await shop.sweeper.sweep(INVOICES)

    assert (by_the_run, by_the_sweep) == (["invoice 1"], ["payment invoice-1"])
    assert shop.exchange.names() == []
