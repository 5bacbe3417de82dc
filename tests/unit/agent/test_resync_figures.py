"""What a run says it has published is what the broker has of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from producers.resync import LAST_CONFIRMS_S, PAGES_AHEAD
from producers.runs import RunState
from schemas.commands import ResyncAll
from schemas.entities import Entity, Invoice
from tests.support.agent_fixture import Workshop, workshop
from tests.support.fake_store import INVOICES, OPENED, many_invoices
from tests.support.fakes import FakeClock
from tests.support.waiting import until
from worker.ledger.runs.run_reports import RunStatus


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    async with workshop(url) as made:
        made.clock.advance(600)
        yield made


async def ended(shop: Workshop) -> RunStatus:
    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert status.state in {RunState.DONE, RunState.CANCELLED}
    return status


async def test_an_event_that_is_too_large_for_a_message_counts_as_left_out(shop: Workshop) -> None:
    many_invoices(shop.store, 2)
    row = shop.store.row(INVOICES, 1)
    (entity, sale), paid = row.snapshots
    assert isinstance(sale, Invoice)
    row.snapshots = ((entity, sale.model_copy(update={"lines": sale.lines * 10_000})), paid)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    await shop.work_off("resync-all")

    invoices = (await ended(shop)).streams["invoices"]
    assert shop.exchange.names() == ["invoice 2"]
    assert (invoices.published, invoices.skipped, invoices.rows) == (1, 1, 2)


class Unhurried(FakeClock):
    """A clock by which what was cancelled is done before its time is over."""

    async def sleep(self, seconds: float) -> None:
        if seconds == LAST_CONFIRMS_S:
            await asyncio.Event().wait()
        await super().sleep(seconds)


async def cancelled(shop: Workshop, *, after: int, confirm: asyncio.Event | None = None) -> RunStatus:
    """A run of 30 invoices that is taken back with `after` events on their way; then `confirm` is set."""
    many_invoices(shop.store, 30)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
    shop.clock.advance(1)
    await shop.record("resync-all", ResyncAll(entities=(Entity.CUSTOMER,)), run_id="next")
    async with shop.working("resync-all"):
        await until(lambda: shop.exchange.waiting >= after)
        assert await shop.ledger.runs.cancel("run-1", why="by a test")
        if confirm is not None:
            confirm.set()
        await shop.finished("next")
    return await ended(shop)


async def test_of_a_cancelled_run_what_was_on_its_way_is_counted(url: str) -> None:
    async with workshop(url, clock=Unhurried(OPENED)) as shop:
        shop.exchange.hold = asyncio.Event()

        run = await cancelled(shop, after=PAGES_AHEAD * 3, confirm=shop.exchange.hold)

        assert (run.state, run.published) == (RunState.CANCELLED, len(shop.exchange.events))
        assert PAGES_AHEAD * 3 <= run.published < 30


async def test_a_cancelled_run_does_not_wait_for_a_broker_that_confirms_nothing(shop: Workshop) -> None:
    shop.exchange.hold = asyncio.Event()

    run = await cancelled(shop, after=PAGES_AHEAD * 3)

    assert (run.state, run.published) == (RunState.CANCELLED, 0)
