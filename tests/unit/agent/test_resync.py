"""A command is worked off page by page, in order, once, and can be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from producers.pace import Pace
from producers.resync import PAGES_AHEAD
from producers.routing import Routing
from producers.runs import RunState
from producers.store import Page, Place, Selection, StoreUnreachable, Stream
from schemas.commands import Resync, ResyncAll, SyncNow
from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.agent_fixture import Workshop, subjects, target, workshop
from tests.support.fake_store import INVOICES, OPENED, many_invoices
from tests.support.waiting import until

DAY = timedelta(days=1)


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    async with workshop(url) as made:
        made.clock.advance(600)
        yield made


async def test_a_resync_publishes_everything_into_the_backfill_lane_under_its_id(shop: Workshop) -> None:
    many_invoices(shop.store, 10)
    shop.store.customer(1, OPENED)
    await shop.record("resync-all", ResyncAll())

    await shop.work_off("resync-all")

    events = shop.exchange.taken()
    assert subjects(events, Entity.CUSTOMER) == ["1"]
    assert subjects(events) == [str(n) for n in range(1, 11)]
    assert {(lane, event.correlation_id) for event, lane in events} == {(Lane.BACKFILL, "run-1")}


async def test_a_resync_publishes_what_is_known_too_and_the_poller_nothing_of_it_afterwards(shop: Workshop) -> None:
    many_invoices(shop.store, 4)
    await shop.poller.poll()
    polled = shop.exchange.taken()
    await shop.record("resync-all", ResyncAll())

    await shop.work_off("resync-all")

    again = shop.exchange.taken()
    assert [event.id for event, _ in again] == [event.id for event, _ in polled]
    shop.clock.advance(600)
    await shop.poller.poll()
    assert shop.exchange.taken() == []


async def test_what_changed_just_now_does_not_wait_behind_the_backfill(url: str) -> None:
    # while the ledger is waited for this clock runs ahead: by less than such a lag
    async with workshop(url, pace=Pace(lag=DAY)) as shop:
        many_invoices(shop.store, 3)
        shop.clock.advance(3 * DAY.total_seconds())
        await shop.poller.poll()
        shop.store.invoice(4, shop.clock.now())
        shop.exchange.taken()
        await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

        await shop.work_off("resync-all")

        lanes = {event.subject: lane for event, lane in shop.exchange.taken()}
        assert lanes == {"1": Lane.BACKFILL, "2": Lane.BACKFILL, "3": Lane.BACKFILL, "4": Lane.BATCH}
        shop.clock.advance(2 * DAY.total_seconds())
        await shop.poller.poll()
        assert shop.exchange.names() == ["payment invoice-4"]


async def test_only_the_entities_days_and_organisation_of_the_command_are_published(url: str) -> None:
    targets = {name: target(name) for name in ("uk", "nz")}
    async with workshop(url, routed=Routing(targets, websites={"base": "uk", "kiwi": "nz"})) as shop:
        for number, site in enumerate(("base", "kiwi", "kiwi", "base"), start=1):
            shop.store.invoice(number, OPENED + timedelta(days=number), places=(Place(site),))
        shop.store.customer(1, OPENED)
        wish = ResyncAll(organisation="nz", entities=(Entity.PAYMENT,), since=OPENED.date() + timedelta(days=3))
        await shop.record("resync-all", wish)

        await shop.work_off("resync-all")

        events = shop.exchange.taken()
    assert [(event.organisation, event.subject) for event, _ in events] == [("nz", "invoice-3")]


async def test_sales_older_than_the_books_are_not_even_read(shop: Workshop) -> None:
    for number in range(1, 31):
        shop.store.invoice(number, OPENED.replace(year=2025))
    many_invoices(shop.store, 2, first=31)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    await shop.work_off("resync-all")

    assert shop.exchange.names() == ["invoice 31", "invoice 32"]
    assert shop.store.calls["page"] == 1


async def test_a_selection_by_ids_takes_the_rows_that_hold_them(shop: Workshop) -> None:
    many_invoices(shop.store, 9)
    await shop.record("resync", Resync(entity=Entity.PAYMENT, ids=("invoice-8", "invoice-3", "invoice-77")))

    await shop.work_off("resync")

    events = shop.exchange.taken()
    assert subjects(events, Entity.PAYMENT) == ["invoice-3", "invoice-8"]
    assert {lane for _, lane in events} == {Lane.BACKFILL}


async def test_a_selection_by_days_includes_both(shop: Workshop) -> None:
    for number in range(1, 6):
        shop.store.invoice(number, OPENED + timedelta(days=number))
    first = OPENED.date()
    wish = Resync(entity=Entity.INVOICE, date_from=first + timedelta(2), date_to=first + timedelta(days=4))
    await shop.record("resync", wish)

    await shop.work_off("resync")

    assert shop.exchange.names() == ["invoice 2", "invoice 3", "invoice 4"]


async def test_sync_now_takes_the_immediate_lane(shop: Workshop) -> None:
    many_invoices(shop.store, 3)
    await shop.record("sync-now", SyncNow(entity=Entity.INVOICE, ids=("2",)))

    await shop.work_off("sync-now")

    assert [(event.subject, lane) for event, lane in shop.exchange.taken()] == [("2", Lane.IMMEDIATE)]


async def test_ids_without_a_number_select_nothing(shop: Workshop) -> None:
    await shop.record("sync-now", SyncNow(entity=Entity.INVOICE, ids=("abc",)))

    await shop.work_off("sync-now")

    assert shop.exchange.taken() == []


async def test_progress_counts_pages_events_and_broken_rows(shop: Workshop) -> None:
    many_invoices(shop.store, 10)
    shop.store.row(INVOICES, 4).broken = "payment is missing"
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    await shop.work_off("resync-all")

    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    progress = status.streams["invoices"]
    assert (status.state, progress.total, progress.last, progress.pages) == (RunState.DONE, 10, 10, 4)
    assert (progress.rows, progress.published, progress.broken, progress.done) == (10, 9, 1, True)
    assert status.finished_at is not None


async def test_pages_are_fetched_while_earlier_ones_wait_for_their_confirms_and_no_more_than_a_few(
    shop: Workshop,
) -> None:
    many_invoices(shop.store, 60)
    shop.exchange.hold = asyncio.Event()
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    async with shop.working("resync-all"):
        await until(lambda: shop.store.calls["page"] == PAGES_AHEAD + 2)
        for _ in range(50):
            await asyncio.sleep(0)
        held = (shop.store.calls["page"], await _last(shop))
        shop.exchange.hold.set()
        await shop.finished()

    assert held == (PAGES_AHEAD + 2, 0)
    assert subjects(shop.exchange.taken()) == [str(n) for n in range(1, 61)]


async def test_a_run_goes_on_behind_its_last_checkpoint(shop: Workshop) -> None:
    many_invoices(shop.store, 12)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
    async with shop.working("resync-all"):
        await until(lambda: len(shop.exchange.events) >= 5)
    before = subjects(shop.exchange.taken())
    await shop.checkpoints.hand_over()
    reached = await _last(shop)

    other = Workshop(shop.ledger, shop.store, shop.clock, holder="a2")
    assert await other.checkpoints.take_charge(15)
    await other.work_off("resync-all")

    after = subjects(other.exchange.taken())
    assert min(map(int, after), default=13) == reached + 1
    assert {*before, *after} == {str(n) for n in range(1, 13)}


async def test_a_like_run_joins_the_first(shop: Workshop) -> None:
    many_invoices(shop.store, 3)
    asked = (Entity.INVOICE, Entity.CUSTOMER)

    states = [
        await shop.record("resync-all", ResyncAll(entities=asked), run_id="first"),
        await shop.record("resync-all", ResyncAll(entities=asked[::-1]), run_id="second"),
        await shop.record("resync-all", ResyncAll(entities=asked, since=date(2026, 1, 2)), run_id="third"),
        await shop.record("resync-all", ResyncAll(entities=asked), run_id="first"),
    ]

    assert states == [RunState.RECORDED, RunState.JOINED, RunState.RECORDED, RunState.RECORDED]
    second = await shop.ledger.runs.get("second")
    assert second is not None
    assert second.joined_to == "first"


async def test_a_like_run_after_the_end_of_the_first_is_its_own(shop: Workshop) -> None:
    await shop.record("resync-all", ResyncAll())
    await shop.work_off("resync-all")

    assert await shop.record("resync-all", ResyncAll(), run_id="later") is RunState.RECORDED


async def test_a_cancelled_run_stops_though_the_store_is_away(shop: Workshop) -> None:
    many_invoices(shop.store, 30)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    async with shop.working("resync-all"):
        await until(lambda: len(shop.exchange.events) >= 3)
        shop.store.faults = [StoreUnreachable("timed out")] * 100_000
        assert await shop.ledger.runs.cancel("run-1", why="by a test")
        await shop.record("resync-all", ResyncAll(entities=(Entity.CUSTOMER,)), run_id="next")
        await until(lambda: shop.store.calls["count"] > 1)
        shop.store.faults = []
        await shop.finished("next")

    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert (status.state, status.detail) == (RunState.CANCELLED, "by a test")
    assert len(subjects(shop.exchange.taken())) < 30


async def test_a_finished_run_cannot_be_cancelled(shop: Workshop) -> None:
    await shop.record("resync-all", ResyncAll())
    await shop.work_off("resync-all")

    assert not await shop.ledger.runs.cancel("run-1", why="too late")
    assert not await shop.ledger.runs.cancel("unknown", why="never was")


async def test_a_defect_of_the_adapter_fails_the_run_and_not_the_next(shop: Workshop) -> None:
    many_invoices(shop.store, 3)
    await shop.record("resync-all", ResyncAll())
    shop.store.faults = [ZeroDivisionError("in the adapter")]

    await shop.work_off("resync-all")
    await shop.record("resync-all", ResyncAll(), run_id="next")
    await shop.work_off("resync-all", "next")

    failed, done = await shop.ledger.runs.get("run-1"), await shop.ledger.runs.get("next")
    assert failed is not None
    assert done is not None
    assert (failed.state, done.state) == (RunState.FAILED, RunState.DONE)
    assert failed.detail.startswith("ZeroDivisionError at fake_store.py:")


async def test_a_store_that_says_more_and_does_not_go_on_ends_its_stream(shop: Workshop) -> None:
    async def the_same_again(stream: Stream, after: int, selection: Selection) -> Page:
        return Page((), (), after, more=True)

    shop.store.page = the_same_again  # type: ignore[method-assign] # an adapter with a defect
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    await shop.work_off("resync-all")

    assert shop.exchange.taken() == []


async def test_an_agent_that_is_to_end_confirms_what_is_on_its_way_and_reads_no_more(shop: Workshop) -> None:
    many_invoices(shop.store, 60)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
    shop.exchange.hold = asyncio.Event()
    async with shop.working("resync-all") as task:
        await until(lambda: shop.store.calls["page"] >= 2)
        shop.stop.ask()
        shop.exchange.hold.set()
        await asyncio.wait({task}, timeout=30)

        assert task.done()
    sent = subjects(shop.exchange.taken())
    assert await _last(shop) == len(sent) > 0
    status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert status.state is RunState.RUNNING


async def _last(shop: Workshop) -> int:
    status = await shop.ledger.runs.get("run-1")
    return status.streams["invoices"].last if status and status.streams else 0
