"""A run and the poller read one store at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from producers.pace import Pace
from producers.store import Changes, Cursor, Page, Selection, Stream
from schemas.commands import ResyncAll, SyncNow
from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.agent_fixture import Workshop, workshop
from tests.support.fake_store import CUSTOMERS, INVOICES, OPENED
from tests.support.waiting import until


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as made:
        made.clock.advance(600)
        yield made


async def renamed(shop: Workshop, name: str) -> None:
    """The store changes its customer, and the poller sees it."""
    shop.store.customer(1, shop.clock.now(), name=name)
    shop.clock.advance(120)
    await shop.poller.poll()


async def test_a_page_confirmed_late_does_not_hide_a_change_back_to_what_it_held(shop: Workshop) -> None:
    old = OPENED - timedelta(days=400)
    shop.store.customer(1, old, name="Ada")
    await shop.poller.poll()
    await shop.record("resync-all", ResyncAll(entities=(Entity.CUSTOMER,)))
    shop.exchange.hold = asyncio.Event()
    async with shop.working("resync-all"):
        await until(lambda: shop.exchange.waiting == 1)
        confirmed, shop.exchange.hold = shop.exchange.hold, None
        await renamed(shop, "Ida")
        confirmed.set()
        await shop.finished()
    shop.exchange.taken()

    await renamed(shop, "Ada")

    assert shop.exchange.names() == ["customer 1"]


async def test_a_run_for_a_part_of_a_mended_row_leaves_the_rest_to_the_sweep(tmp_path: Path) -> None:
    # while the ledger is waited for this clock runs ahead: no page may count as read long ago
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}", pace=Pace(lag=timedelta(days=1))) as shop:
        shop.store.invoice(1, OPENED, broken="payment is missing")
        shop.clock.advance(timedelta(days=2).total_seconds())
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


async def test_what_changed_before_the_poller_can_have_it_is_no_backfill(tmp_path: Path) -> None:
    # while the ledger is waited for this clock runs ahead: by less than half of such a lag
    lag = timedelta(days=2)
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}", pace=Pace(lag=lag)) as shop:
        shop.clock.advance(10 * lag.total_seconds())
        for number, lags in enumerate((1.5, 2.5), start=1):
            shop.store.customer(number, shop.clock.now() - lags * lag)
        await shop.record("resync-all", ResyncAll(entities=(Entity.CUSTOMER,)))

        await shop.work_off("resync-all")

        lanes = {event.subject: lane for event, lane in shop.exchange.taken()}
        assert lanes == {"1": Lane.BATCH, "2": Lane.BACKFILL}


async def test_a_broken_row_that_the_poller_has_reported_is_not_reported_again(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.store.customer(1, OPENED, broken="name is missing")
    await shop.poller.poll()
    await shop.record("resync-all", ResyncAll(entities=(Entity.CUSTOMER,)))

    await shop.work_off("resync-all")

    assert capsys.readouterr().out.count("row.broken") == 1


async def test_a_page_read_long_ago_does_not_hide_a_change_back_to_what_it_holds(shop: Workshop) -> None:
    shop.store.customer(1, OPENED - timedelta(days=400), name="Ada")
    await shop.poller.poll()
    await shop.record("resync-all", ResyncAll(entities=(Entity.CUSTOMER,)))
    answered, page = asyncio.Event(), shop.store.page

    async def slowly(stream: Stream, after: int, selection: Selection) -> Page:
        read = await page(stream, after, selection)
        await answered.wait()
        return read

    shop.store.page = slowly  # type: ignore[method-assign] # a store whose answer takes long
    async with shop.working("resync-all"):
        await until(lambda: shop.store.calls["page"] == 1)
        await renamed(shop, "Ida")
        answered.set()
        await shop.finished()
    shop.exchange.taken()

    await renamed(shop, "Ada")

    assert shop.exchange.names() == ["customer 1"]


async def test_a_broken_row_read_again_long_ago_does_not_hide_a_change_back_either(shop: Workshop) -> None:
    shop.store.customer(1, shop.clock.now(), broken="no name")
    shop.clock.advance(120)
    await shop.poller.poll()
    shop.store.customer(1, shop.clock.now(), name="Ada")
    answered, rows = asyncio.Event(), shop.store.rows

    async def slowly(stream: Stream, ids: Sequence[int]) -> Page:
        read = await rows(stream, ids)
        await answered.wait()
        return read

    shop.store.rows = slowly  # type: ignore[method-assign] # a store whose answer takes long
    await renamed_beside_a_sweep(shop, "rows", answered)

    assert shop.exchange.names() == ["customer 1"]


async def test_a_late_row_read_long_ago_does_not_hide_a_change_back_either(shop: Workshop) -> None:
    late = shop.clock.now()
    shop.clock.advance(3600)
    shop.store.customer(2, shop.clock.now())
    shop.clock.advance(120)
    await shop.poller.poll()
    shop.store.customer(1, late, name="Ada")
    answered, changes = asyncio.Event(), shop.store.changes

    async def slowly(stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        read = await changes(stream, after, until=until)
        if stream == CUSTOMERS and after.changed_at < OPENED:
            await answered.wait()
        return read

    shop.store.changes = slowly  # type: ignore[method-assign] # a store whose answer to the sweep takes long
    shop.store.calls.clear()
    await renamed_beside_a_sweep(shop, "changes", answered)

    assert shop.exchange.names() == ["customer 1"]


async def renamed_beside_a_sweep(shop: Workshop, asked: str, answered: asyncio.Event) -> None:
    """To Ida while the sweep waits for what it `asked`, and back to Ada after it; only the last is in the exchange."""
    sweep = asyncio.create_task(shop.sweeper.sweep(CUSTOMERS))
    await until(lambda: shop.store.calls[asked] == 1)
    await renamed(shop, "Ida")
    answered.set()
    await sweep
    shop.exchange.taken()
    await renamed(shop, "Ada")


async def test_what_changed_just_now_is_told_by_the_clock_of_the_store(url: str) -> None:
    async with workshop(url, pace=Pace(lag=timedelta(days=1))) as shop:
        shop.clock.advance(3 * 86_400)
        shop.store.time = lambda: shop.clock.now() - timedelta(days=5)
        shop.store.invoice(1, shop.store.time() - timedelta(days=3))
        shop.store.invoice(2, shop.store.time())
        await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

        await shop.work_off("resync-all")

        lanes = {event.subject: lane for event, lane in shop.exchange.taken()}
    assert lanes == {"1": Lane.BACKFILL, "2": Lane.BATCH}
