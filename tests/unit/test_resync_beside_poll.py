"""A run and the poller read one store at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.agent_fixture import Workshop, workshop
from tests.fake_store import OPENED
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
