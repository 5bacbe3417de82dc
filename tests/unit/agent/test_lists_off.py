"""A list of which no organisation takes anything is left alone, by commands too, until one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from producers.pace import Stopped
from producers.runs import Progress, Run, RunState
from schemas.commands import Resync, ResyncAll
from schemas.entities import Entity
from schemas.envelope import Change, Lane
from tests.support.agent_fixture import Workshop, routing, target, workshop
from tests.support.cli_ledger import CommandLine
from tests.support.fake_store import CUSTOMERS, OPENED, FakeStore, RefusesCustomers
from tests.support.waiting import until

OFF = routing(target(customer=None))
A_DAY_S = 86_400


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


async def test_a_resync_of_everything_leaves_it_out(url: str) -> None:
    async with workshop(url, store=RefusesCustomers(), routed=OFF) as shop:
        shop.store.invoice(7, OPENED)
        await shop.record("resync-all", ResyncAll())

        await shop.work_off("resync-all")

        status = await shop.ledger.runs.get("run-1")
        assert status is not None
        assert (status.state, status.detail, status.published) == (RunState.DONE, "", 2)


@pytest.mark.parametrize(
    "command",
    [
        Resync(entity=Entity.CUSTOMER, ids=("7",)),
        Resync(entity=Entity.CUSTOMER, date_from=OPENED.date()),
    ],
)
async def test_a_command_for_what_nobody_takes_ends_and_says_why(command: Resync, url: str) -> None:
    async with workshop(url, store=RefusesCustomers(), routed=OFF) as shop:
        await shop.record("resync", command)

        await shop.work_off("resync")

        status = await shop.ledger.runs.get("run-1")
        assert status is not None
        assert (status.state, status.detail) == (
            RunState.DONE,
            "no organisation takes this store's customers: put their lane on, in [organisations.NAME.lanes]",
        )


async def test_a_list_that_is_put_off_in_the_middle_of_a_run_does_not_count_as_read_short(url: str) -> None:
    async with workshop(url, store=RefusesCustomers(), routed=OFF) as shop:
        run = Run("run-1", "resync-all", ResyncAll())
        await shop.record(run.name, run.command)
        assert await shop.runs.save_page(run, CUSTOMERS, Progress(last=3, pages=1, rows=3, total=9), ())

        await shop.work_off("resync-all")

        status = await shop.ledger.runs.get("run-1")
        assert status is not None
        assert (status.state, status.detail) == (RunState.DONE, "")


@asynccontextmanager
async def open_shop(_url: str, _token: str) -> AsyncIterator[FakeStore]:
    """A shop with an invoice, and customers that may not be read."""
    shop = RefusesCustomers()
    shop.invoice(7, OPENED)
    yield shop


def test_the_price_of_a_resync_is_told_without_it(tmp_path: Path) -> None:
    line = CommandLine(tmp_path, changes='\n[organisations.main.lanes]\ncustomer = "off"\n')
    config = tmp_path / "xerelay.toml"
    config.write_text(config.read_text().replace('kind = "magento"', f'kind = "{__name__}:open_shop"'))

    result = line.run("resync-all", "--dry-run")

    assert result.exit_code == 0, result.stderr
    assert ("invoices" in result.stdout, "customers" in result.stdout) == (True, False)
