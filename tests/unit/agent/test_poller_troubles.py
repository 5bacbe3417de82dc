"""A poll among troubles: broken rows, a store that is away or refuses, deletions, another agent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from producers.steps import Step
from producers.store import Changes, Cursor, StoreRefuses, StoreUnreachable, Stream
from schemas.envelope import Change
from tests.support.agent_fixture import Died, Workshop, subjects, workshop
from tests.support.fake_store import CUSTOMERS, INVOICES, OPENED, many_invoices

MINUTE = timedelta(minutes=1)
A_DAY_S = 86_400


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """An agent in charge; it is ten minutes past opening."""
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as made:
        made.clock.advance(600)
        yield made


@pytest.mark.parametrize("reason", ["payment is missing", "payment of Zo\ud83d\0 is missing"])
async def test_a_broken_row_stops_nothing_and_is_told_once(
    reason: str, shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    many_invoices(shop.store, 3)
    shop.store.row(INVOICES, 2).broken = reason

    for _ in range(3):
        await shop.poller.poll()
        shop.clock.advance(600)
    published = shop.exchange.names()
    shop.store.row(INVOICES, 2).broken = ""
    await shop.poller.poll()

    assert published == ["invoice 1", "payment invoice-1", "invoice 3", "payment invoice-3"]
    assert capsys.readouterr().out.count("row.broken") == 1
    assert shop.exchange.names() == ["invoice 2", "payment invoice-2"]


async def test_a_broken_row_that_is_mended_under_its_old_date_is_published_by_the_sweep(shop: Workshop) -> None:
    many_invoices(shop.store, 3)
    shop.store.row(INVOICES, 2).broken = "payment is missing"
    await shop.poller.poll()
    shop.clock.advance(A_DAY_S)
    shop.store.invoice(4, OPENED + timedelta(hours=23))
    await shop.poller.poll()
    shop.exchange.taken()

    await shop.sweeper.sweep(INVOICES)
    still_broken = shop.exchange.taken()
    shop.store.row(INVOICES, 2).broken = ""
    await shop.poller.poll()
    unseen = shop.exchange.taken()
    await shop.sweeper.sweep(INVOICES)
    await shop.sweeper.sweep(INVOICES)

    assert (still_broken, unseen) == ([], [])
    assert shop.exchange.names() == ["invoice 2", "payment invoice-2"]


async def test_a_store_that_is_away_is_waited_for_and_told_once(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.store.invoice(1, OPENED)
    shop.store.faults = [StoreUnreachable("GET /rest: timed out")] * 5

    await shop.poller.poll()

    told = capsys.readouterr().out
    assert shop.exchange.names() == ["invoice 1", "payment invoice-1"]
    assert told.count("store.unreachable ") == 1
    assert told.count("store.unreachable.over") == 1


async def test_a_store_that_refuses_is_told_as_an_error_and_asked_slowly(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.store.invoice(1, OPENED)
    shop.store.faults = [StoreRefuses("allow the integration to read invoices: System > Integrations")] * 2
    began = shop.clock.monotonic()

    await shop.poller.poll()

    assert shop.exchange.names() == ["invoice 1", "payment invoice-1"]
    assert capsys.readouterr().out.count("allow the integration") == 1
    assert shop.clock.monotonic() - began >= 120


async def test_what_is_deleted_is_published_as_removed_when_the_sweep_is_due(shop: Workshop) -> None:
    many_invoices(shop.store, 7)
    shop.store.customer(1, OPENED)
    await shop.poller.poll()
    shop.exchange.taken()
    for number in (2, 6, 7):
        shop.store.delete(INVOICES, number)
    shop.clock.advance(A_DAY_S)

    assert await shop.sweeper.sweep(INVOICES) == 3
    assert await shop.sweeper.sweep(CUSTOMERS) == 0

    events = shop.exchange.taken()
    assert sorted((str(event.entity), event.subject) for event, _ in events) == sorted(
        one for n in "267" for one in (("invoice", n), ("payment", f"invoice-{n}"))
    )
    assert {event.change for event, _ in events} == {Change.REMOVED}
    assert all(event.version > OPENED for event, _ in events)
    assert await shop.sweeper.sweep(INVOICES) == 0


async def test_ids_that_a_list_leaves_out_are_asked_for_before_they_count_as_gone(shop: Workshop) -> None:
    many_invoices(shop.store, 5)
    await shop.poller.poll()
    shop.exchange.taken()
    shop.clock.advance(A_DAY_S)

    async def no_ids(stream: Stream, after: int) -> Sequence[int]:
        return []

    shop.store.ids = no_ids  # type: ignore[method-assign] # a store whose list fails without saying so
    gone = await shop.sweeper.sweep(INVOICES)

    assert gone == 0
    assert shop.exchange.taken() == []


async def test_the_poll_goes_on_where_another_agent_stopped(shop: Workshop) -> None:
    many_invoices(shop.store, 4)
    await shop.poller.poll()
    shop.exchange.taken()
    await shop.checkpoints.hand_over()
    many_invoices(shop.store, 2, first=5, at=OPENED + 2 * MINUTE)

    other = Workshop(shop.ledger, shop.store, shop.clock, holder="a2")
    assert await other.checkpoints.take_charge(15)
    await other.poller.poll()

    assert subjects(other.exchange.taken()) == ["5", "6"]


@pytest.mark.parametrize("later", [timedelta(), 2 * MINUTE], ids=["in the same second", "later"])
async def test_a_change_back_is_published_though_the_agent_died_before_it_saved_the_change(
    shop: Workshop, later: timedelta
) -> None:
    created_at = shop.clock.now()
    shop.store.customer(1, created_at, name="Ada")
    shop.clock.advance(120)
    await shop.poller.poll()
    shop.store.customer(1, created_at + later, name="Ida")
    shop.clock.advance(600)  # within the re-reading
    shop.steps.dies_at = Step.CONFIRMED
    with pytest.raises(Died):
        await shop.poller.poll()
    shop.exchange.taken()
    shop.steps.dies_at = None
    shop.store.customer(1, shop.clock.now(), name="Ada")
    shop.clock.advance(120)

    await shop.poller.poll()

    assert shop.exchange.names() == ["customer 1"]


@pytest.mark.parametrize("step", [Step.PUBLISHED, Step.CONFIRMED])
async def test_what_a_dying_agent_published_first_is_removed_once_the_store_has_deleted_it(
    shop: Workshop, step: Step
) -> None:
    shop.store.customer(1, OPENED)
    shop.steps.dies_at = step
    with pytest.raises(Died):
        await shop.poller.poll()
    shop.steps.dies_at = None
    shop.store.delete(CUSTOMERS, 1)
    shop.clock.advance(A_DAY_S)

    await shop.poller.poll()
    await shop.sweeper.sweep(CUSTOMERS)

    assert [event.change for event, _ in shop.exchange.taken()][-1] is Change.REMOVED


async def test_a_look_back_that_a_defect_ended_is_made_up_for(shop: Workshop) -> None:
    shop.store.invoice(1, OPENED)
    await shop.poller.poll()
    shop.exchange.taken()
    shop.store.invoice(2, OPENED - MINUTE)
    shop.clock.advance(3600)
    shop.store.invoice(3, OPENED + 60 * MINUTE)
    changes = shop.store.changes

    async def fail(stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        if stream == INVOICES:
            raise ZeroDivisionError
        return await changes(stream, after, until=until)

    shop.store.changes = fail  # type: ignore[method-assign] # a defect of the adapter
    with pytest.raises(ZeroDivisionError):
        await shop.poller.poll()
    shop.store.changes = changes  # type: ignore[method-assign]

    await shop.poller.poll()

    assert subjects(shop.exchange.taken()) == ["2", "3"]
