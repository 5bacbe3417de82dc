"""Which pages of a store's lists a run reads, in which order, and that it reads none twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from producers.resync import PAGES_AHEAD, Resyncer
from producers.runs import Run, RunState
from producers.steps import Step
from producers.store import Page, Selection, Stream
from schemas.commands import Resync, ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import Workshop, subjects, workshop
from tests.support.fake_store import INVOICES, OPENED, many_invoices
from tests.support.waiting import until


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    async with workshop(url) as made:
        made.clock.advance(600)
        yield made


class UnawareRuns:
    """The runs of a ledger that tells nobody who asks that a run is wanted no more."""

    def __init__(self, runs: Any) -> None:
        self._runs = runs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runs, name)

    async def wanted(self, run: Run) -> bool:
        return True


async def test_refunds_are_published_behind_all_sales(shop: Workshop) -> None:
    many_invoices(shop.store, 30)
    shop.store.refund(1, 1, OPENED)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE, Entity.CREDIT_MEMO)))

    await shop.work_off("resync-all")

    assert shop.exchange.names()[-1] == "credit_memo 1"


async def test_of_more_ids_than_a_page_takes_each_is_published_once(shop: Workshop) -> None:
    many_invoices(shop.store, 120)
    asked = [str(number) for number in range(1, 121)]
    await shop.record("resync", Resync(entity=Entity.INVOICE, ids=tuple(asked)))

    await shop.work_off("resync")

    assert subjects(shop.exchange.taken()) == asked


async def handed_over(shop: Workshop) -> Workshop:
    """Another agent, after the first has read all customers and some of the invoices."""
    many_invoices(shop.store, 12)
    shop.store.customer(1, OPENED)
    await shop.record("resync-all", ResyncAll(entities=(Entity.CUSTOMER, Entity.INVOICE)))
    page, silence = shop.store.page, asyncio.Event()

    async def until_silence(stream: Stream, after: int, selection: Selection) -> Page:
        if stream == INVOICES and after >= 6:
            await silence.wait()
        return await page(stream, after, selection)

    shop.store.page = until_silence  # type: ignore[method-assign] # a store that ceases to answer
    async with shop.working("resync-all"):
        # a page of customers, and two of invoices
        await until(lambda: shop.steps.steps.count(Step.CHECKPOINTED) == 3)
    shop.store.page = page  # type: ignore[method-assign] # and answers again
    await shop.checkpoints.hand_over()
    other = Workshop(shop.ledger, shop.store, shop.clock, holder="a2")
    assert await other.checkpoints.take_charge(15)
    return other


async def test_a_list_that_the_agent_before_has_read_to_its_end_is_not_read_again(shop: Workshop) -> None:
    other = await handed_over(shop)
    page, read = other.store.page, []

    async def noted(stream: Stream, after: int, selection: Selection) -> Page:
        read.append((stream.name, after))
        return await page(stream, after, selection)

    other.store.page = noted  # type: ignore[method-assign] # the same store, and what it is asked for
    await other.work_off("resync-all")

    assert read == [("invoices", 6), ("invoices", 9)]


async def test_what_the_agent_before_has_counted_is_not_counted_again(shop: Workshop) -> None:
    other = await handed_over(shop)
    shop.store.calls.clear()

    await other.work_off("resync-all")

    assert shop.store.calls["count"] == 0


async def test_a_cancelled_run_ends_with_the_pages_that_are_on_their_way_when_one_is_saved(shop: Workshop) -> None:
    many_invoices(shop.store, 60)
    unaware = replace(shop.session, runs=UnawareRuns(shop.runs))
    shop.resyncers["resync-all"] = Resyncer(name="resync-all", session=unaware)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
    shop.clock.advance(1)
    await shop.record("resync-all", ResyncAll(entities=(Entity.CUSTOMER,)), run_id="next")
    count = shop.store.count

    async def cancelled_meanwhile(stream: Stream, selection: Selection) -> int:
        await shop.ledger.runs.cancel("run-1", why="by a test")
        return await count(stream, selection)

    shop.store.count = cancelled_meanwhile  # type: ignore[method-assign] # an admin acts while the store counts
    await shop.work_off("resync-all", "next")

    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert status.state is RunState.CANCELLED
    assert status.published == len(shop.exchange.events)
    # the one that is saved, those behind it, one that waits for its place, and one that is being fetched
    assert status.pages <= PAGES_AHEAD + 3
