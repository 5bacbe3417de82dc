"""A store that lists much less than was published has not deleted it: what `removed` takes back in Xero stays gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from examples.stores.export_folder import SALES, ExportFolder
from producers.pace import Stopped
from producers.poller import Poller
from producers.store import Stream
from producers.sweep import Sweeper
from schemas.envelope import Change
from tests.support.agent_fixture import Workshop, workshop
from tests.support.export_shop import ExportShop
from tests.support.fake_store import INVOICES, OPENED, Kept, many_invoices
from tests.support.waiting import until

HOUR_S = 3600
A_DAY_S = 24 * HOUR_S


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    async with workshop(url) as made:
        made.store.page_size = 100
        yield made


async def published(shop: Workshop, count: int) -> dict[int, Kept]:
    """So many invoices, of which the agent has published all a day ago; these are the store's rows."""
    many_invoices(shop.store, count)
    shop.clock.advance(HOUR_S)
    await shop.poller.poll()
    shop.clock.advance(A_DAY_S)
    shop.exchange.taken()
    return shop.store.rows_of[INVOICES.name]


def removed(shop: Workshop) -> int:
    """How many invoices were published as removed since the last time."""
    events = shop.exchange.taken()
    assert {event.change for event, _ in events} <= {Change.REMOVED}
    return sum(event.entity == "invoice" for event, _ in events)


async def is_swept(shop: Workshop) -> bool:
    reading = await shop.checkpoints.reading(INVOICES)
    return reading is not None and shop.clock.now() - reading.swept_at < shop.session.pace.sweep_every


async def test_of_a_store_that_answers_as_if_it_were_empty_nothing_is_published_as_removed(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = await published(shop, 1000)

    rows.clear()
    gone = await shop.sweeper.sweep(INVOICES)

    told = capsys.readouterr().out
    assert (gone, removed(shop), await is_swept(shop)) == (0, 0, False)
    assert shop.sweeper.withheld == {"invoices": 1000}
    assert told.count("stream.shrunk") == 1
    assert "1000 of 1000 rows" in told
    assert "no more than 100 are believed" in told
    assert "stream=invoices" in told
    assert "[stores.shop] leads to the whole store" in told
    assert "removal_limit = 1" in told


async def test_of_a_shop_whose_export_left_an_empty_file_nothing_is_published_as_removed(
    shop: Workshop, tmp_path: Path
) -> None:
    export = ExportShop(tmp_path / "export")
    export.trade(50)
    session = replace(shop.session, source=ExportFolder(export.folder))
    poller = Poller(session=session, first_look=shop.poller._first_look)
    sweeper = Sweeper(session=session, removal_limit=0.1)
    await poller.poll()
    before = len(shop.exchange.taken())

    export.lists["sales"].clear()
    export.export()
    await sweeper.sweep(SALES)

    assert before == 3 + 2 * 50
    assert shop.exchange.taken() == []


@pytest.mark.parametrize(
    ("known", "missing", "limit", "gone"),
    [
        (300, 30, 0.1, 30),
        (300, 31, 0.1, 0),
        (300, 31, 0.5, 31),
        (50, 20, 0.0, 20),
        (50, 21, 0.1, 0),
        (10, 5, 0.1, 5),
        (10, 6, 0.1, 0),
        (1, 1, 0.1, 1),
        (300, 300, 1.0, 300),
    ],
)
async def test_as_many_are_removed_as_the_limit_allows_and_twenty_of_more_than_forty(
    url: str, known: int, missing: int, limit: float, gone: int
) -> None:
    async with workshop(url, removal_limit=limit) as shop:
        shop.store.page_size = 100
        rows = await published(shop, known)
        for number in range(1, missing + 1):
            del rows[number]

        assert await shop.sweeper.sweep(INVOICES) == gone

        assert removed(shop) == gone
        assert await is_swept(shop) == (gone == missing)


async def test_of_a_list_that_is_not_believed_nothing_else_is_published_either(shop: Workshop) -> None:
    rows = await published(shop, 50)
    rows[1].broken = "payment is missing"
    shop.store.touch(INVOICES, 1, shop.clock.now())
    shop.clock.advance(120)
    await shop.poller.poll()
    rows.clear()
    shop.store.invoice(1, OPENED, net="11.00")

    await shop.sweeper.sweep(INVOICES)

    assert shop.exchange.taken() == []


async def test_a_list_that_is_not_believed_is_asked_again_every_hour_until_it_is_whole(shop: Workshop) -> None:
    rows = await published(shop, 50)
    kept = dict(rows)
    rows.clear()
    ids = shop.store.ids
    asked: list[float] = []

    async def watched(stream: Stream, after: int) -> Sequence[int]:
        if stream == INVOICES and not after:
            asked.append(shop.clock.monotonic())
        return await ids(stream, after)

    shop.store.ids = watched  # type: ignore[method-assign] # as it was, and noted
    sweeping = asyncio.create_task(shop.sweeper.run())
    await until(lambda: len(asked) >= 3)
    rows |= kept
    del rows[7]
    await until(lambda: len(shop.exchange.events) == 2, what="the removal of an invoice and its payment")
    shop.stop.ask()
    with suppress(Stopped):
        await sweeping

    assert shop.sweeper.withheld["invoices"] == 0
    assert all(HOUR_S <= later - earlier <= HOUR_S + 120 for earlier, later in pairwise(asked))
    assert removed(shop) == 1


async def test_a_list_that_does_not_go_on_is_told_and_asked_again_every_hour(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = await published(shop, 50)
    del rows[7]
    asked: list[float] = []

    async def all_of_them(stream: Stream, after: int) -> Sequence[int]:
        if stream != INVOICES:
            return ()
        assert len(asked) < 100, "it asks without end"
        asked.append(shop.clock.monotonic())
        return sorted(rows)

    shop.store.ids = all_of_them  # type: ignore[method-assign] # an adapter that does not heed `after`
    sweeping = asyncio.create_task(shop.sweeper.run())
    await until(lambda: sweeping.done() or len(asked) >= 6)
    shop.stop.ask()
    with suppress(Stopped):
        await sweeping

    looks = sorted({*asked})
    assert all(HOUR_S <= later - earlier <= HOUR_S + 120 for earlier, later in pairwise(looks))
    assert capsys.readouterr().out.count("stream.stands_still") == len(looks)
    assert (removed(shop), await is_swept(shop)) == (0, False)


async def test_what_is_withheld_is_not_told_any_more_once_another_agent_has_swept(shop: Workshop) -> None:
    rows = await published(shop, 50)
    rows.clear()
    await shop.sweeper.sweep(INVOICES)
    await shop.checkpoints.save_swept(INVOICES, shop.clock.now())

    sweeping = asyncio.create_task(shop.sweeper.run())
    await until(lambda: not shop.sweeper.withheld["invoices"])
    shop.stop.ask()

    with suppress(Stopped):
        await sweeping


async def test_an_agent_that_is_to_end_among_the_ids_takes_nothing_for_missing(shop: Workshop) -> None:
    await published(shop, 50)
    ids = shop.store.ids

    async def none_at_the_end(stream: Stream, after: int) -> Sequence[int]:
        shop.stop.ask()
        return (await ids(stream, after))[:1]

    shop.store.ids = none_at_the_end  # type: ignore[method-assign] # the agent is told to end while the store answers

    assert await shop.sweeper.sweep(INVOICES) == 0

    assert (removed(shop), shop.sweeper.withheld) == (0, {})
