"""A store's clock that was ahead and is put right: what changes from then on has earlier times than what was read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Change, Lane
from tests.support.agent_fixture import Workshop, workshop
from tests.support.fake_store import INVOICES, OPENED
from tests.support.waiting import until

AHEAD = REFUSED_AHEAD = timedelta(days=1)
HOUR_S = 3600
TOLD = "store.clock_went_back"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """An agent that has read invoice 1, and invoice 2 while the store's clock was a day ahead; it is right again."""
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as made:
        made.store.invoice(1, OPENED)
        made.clock.advance(600)
        await made.poller.poll()
        made.store.time = lambda: made.clock.now() + AHEAD
        made.store.invoice(2, made.store.time())
        made.clock.advance(120)
        await made.poller.poll()
        assert "invoice 2" in made.exchange.names()
        made.store.time = made.clock.now
        yield made


async def test_what_is_sold_from_then_on_is_published_as_soon_as_ever(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.store.invoice(3, shop.clock.now())
    shop.clock.advance(60)

    await shop.poller.poll()

    told = capsys.readouterr().out
    assert shop.exchange.names() == ["invoice 3", "payment invoice-3"]
    assert told.count(TOLD) == 1
    assert "stream=invoices" in told
    assert "the store's clock was ahead and was put right: read again from " in told


async def test_what_was_sold_while_the_agent_was_away_is_published(shop: Workshop) -> None:
    shop.store.invoice(3, shop.clock.now())
    shop.clock.advance(6 * HOUR_S)

    await shop.poller.poll()

    assert shop.exchange.names() == ["invoice 3", "payment invoice-3"]


async def test_how_late_the_list_is_read_counts_by_the_clock_that_is_right(shop: Workshop) -> None:
    shop.clock.advance(60)
    now = shop.clock.now()
    before = shop.poller.late_by(now)[INVOICES.name]

    await shop.poller.poll()

    pace = shop.session.pace
    assert before < -AHEAD + timedelta(minutes=15)
    assert shop.poller.late_by(now)[INVOICES.name] == -pace.poll_every


async def test_it_is_told_once_and_the_place_is_kept_though_nothing_is_sold(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        shop.clock.advance(60)
        await shop.poller.poll()

    reading = await shop.checkpoints.reading(INVOICES)
    assert capsys.readouterr().out.count(TOLD) == 1
    assert reading is not None
    assert reading.cursor.changed_at <= shop.clock.now()


async def test_what_was_read_ahead_of_its_time_is_not_published_again_when_that_comes(shop: Workshop) -> None:
    shop.clock.advance(60)
    await shop.poller.poll()

    shop.clock.advance(AHEAD.total_seconds())
    await shop.poller.poll()

    assert shop.exchange.taken() == []


async def test_a_clock_that_goes_on_is_not_told(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.store.time = lambda: shop.clock.now() + AHEAD
    shop.clock.advance(60)

    await shop.poller.poll()

    assert TOLD not in capsys.readouterr().out


async def test_what_was_sold_ahead_of_its_time_and_is_deleted_is_removed_in_a_newer_version(shop: Workshop) -> None:
    sold_at = shop.store.row(INVOICES, 2).changed_at
    shop.clock.advance(60)
    await shop.poller.poll()

    removed_at = await deleted(shop, 2)

    assert removed_at > sold_at


async def test_what_a_resync_published_ahead_of_its_time_is_removed_in_a_newer_version_too(shop: Workshop) -> None:
    shop.store.time = lambda: shop.clock.now() + AHEAD
    touched_at = shop.store.time()
    shop.store.touch(INVOICES, 1, touched_at)
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE, Entity.PAYMENT)))
    await shop.work_off("resync-all")
    shop.store.time = shop.clock.now

    removed_at = await deleted(shop, 1)

    assert removed_at > touched_at


async def test_a_removal_is_not_so_far_ahead_that_workers_refuse_it(shop: Workshop) -> None:
    shop.store.time = lambda: shop.clock.now() + 3 * AHEAD
    shop.store.invoice(2, shop.store.time(), net="11.00")
    shop.clock.advance(120)
    await shop.poller.poll()
    shop.store.time = shop.clock.now

    removed_at = await deleted(shop, 2)

    assert removed_at < shop.clock.now() + REFUSED_AHEAD


@pytest.fixture
async def begun_ahead(tmp_path: Path) -> AsyncIterator[Workshop]:
    """An agent whose first look was taken while the store's clock was three days ahead; it is right again."""
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as made:
        made.store.time = lambda: made.clock.now() + 3 * AHEAD
        made.store.invoice(1, made.store.time())
        made.clock.advance(120)
        await made.poller.poll()
        made.exchange.taken()
        made.store.time = made.clock.now
        yield made


async def test_what_was_sold_while_the_agent_was_away_is_published_where_the_first_look_was_ahead_too(
    begun_ahead: Workshop,
) -> None:
    begun_ahead.store.invoice(2, begun_ahead.clock.now())
    begun_ahead.clock.advance(6 * HOUR_S)

    await begun_ahead.poller.poll()

    assert [(event.subject, lane) for event, lane in begun_ahead.exchange.taken()] == [
        ("2", Lane.BATCH),
        ("invoice-2", Lane.BATCH),
    ]


async def test_a_list_that_was_begun_ahead_of_its_time_is_swept_a_day_later(begun_ahead: Workshop) -> None:
    begun_ahead.store.invoice(2, begun_ahead.clock.now())
    begun_ahead.clock.advance(25 * HOUR_S)
    await begun_ahead.poller.poll()
    begun_ahead.store.delete(INVOICES, 2)
    begun_ahead.exchange.taken()

    sweeping = asyncio.create_task(begun_ahead.sweeper.run())
    await until(lambda: begun_ahead.clock.monotonic() > 30 * HOUR_S, what="some hours")
    sweeping.cancel()

    assert begun_ahead.exchange.names() == ["payment invoice-2", "invoice 2"]


async def deleted(shop: Workshop, number: int) -> datetime:
    """An invoice is deleted, and the next sweep tells that; returns the version of that."""
    shop.exchange.taken()
    shop.store.delete(INVOICES, number)
    shop.clock.advance(60)
    await shop.sweeper.sweep(INVOICES)
    gone = {event.subject: event for event, _ in shop.exchange.taken() if event.change is Change.REMOVED}
    assert gone.keys() == {f"{number}", f"invoice-{number}"}
    return min(one.version for one in gone.values())
