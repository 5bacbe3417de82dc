"""What was published as removed and is in the store again as it was: from a dump, or a replica that lagged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from producers.steps import Step
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Change, Event
from tests.support.agent_fixture import Died, Workshop, workshop
from tests.support.fake_store import INVOICES, many_invoices

A_DAY_S = 86_400
INVOICE_AND_PAYMENT = {Entity.INVOICE: "7", Entity.PAYMENT: "invoice-7"}


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Workshop]:
    async with workshop(url) as shop:
        many_invoices(shop.store, 30)
        shop.clock.advance(3600)
        await shop.poller.poll()
        shop.exchange.taken()
        yield shop


async def test_a_row_that_is_back_as_it_was_is_newer_than_its_removal(shop: Workshop) -> None:
    removed = await gone_and_back(shop)

    back = await resynced(shop, "first")

    assert {one.entity: one.subject for one in back} == INVOICE_AND_PAYMENT
    assert all(one.change is Change.CHANGED and one.version > removed for one in back)


async def test_a_row_that_is_back_has_the_same_version_each_time_until_it_changes(shop: Workshop) -> None:
    await gone_and_back(shop)
    first = await resynced(shop, "first")
    shop.clock.advance(A_DAY_S)

    again = await resynced(shop, "again")
    changed_at = shop.clock.now()
    shop.store.invoice(7, changed_at, net="11.00")
    changed = await resynced(shop, "changed")

    assert [(one.id, one.version) for one in again] == [(one.id, one.version) for one in first]
    assert {one.version for one in changed} == {changed_at}


async def test_a_row_that_is_back_is_removed_again_when_it_goes_again(shop: Workshop) -> None:
    await gone_and_back(shop)
    back = await resynced(shop, "first")
    shop.clock.advance(A_DAY_S)

    removed = await gone(shop)

    assert removed > max(one.version for one in back)


async def test_a_row_that_is_back_after_an_agent_died_at_its_removal_is_newer_than_that(shop: Workshop) -> None:
    shop.clock.advance(A_DAY_S)
    kept = shop.store.row(INVOICES, 7)
    shop.store.delete(INVOICES, 7)
    shop.steps.dies_at = Step.CONFIRMED
    with pytest.raises(Died):
        await shop.sweeper.sweep(INVOICES)
    shop.steps.dies_at = None
    removed = max(event.version for event in of_seven(shop) if event.change is Change.REMOVED)
    shop.store.put(INVOICES, kept)
    shop.clock.advance(A_DAY_S)

    back = await resynced(shop, "first")

    assert {one.entity: one.subject for one in back} == INVOICE_AND_PAYMENT
    assert all(one.change is Change.CHANGED and one.version > removed for one in back)


async def gone(shop: Workshop) -> datetime:
    """Invoice 7 is missing, and that is published; returns the removal's version."""
    shop.store.delete(INVOICES, 7)
    await shop.sweeper.sweep(INVOICES)
    removed = [event for event in of_seven(shop) if event.change is Change.REMOVED]
    assert {one.entity: one.subject for one in removed} == INVOICE_AND_PAYMENT
    return max(one.version for one in removed)


async def gone_and_back(shop: Workshop) -> datetime:
    """The same, and it is put back as it was."""
    shop.clock.advance(A_DAY_S)
    kept = shop.store.row(INVOICES, 7)
    removed = await gone(shop)
    shop.store.put(INVOICES, kept)
    shop.clock.advance(A_DAY_S)
    return removed


async def resynced(shop: Workshop, run_id: str) -> list[Event]:
    """What a resync publishes of invoice 7."""
    await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE, Entity.PAYMENT)), run_id=run_id)
    await shop.work_off("resync-all", run_id)
    return of_seven(shop)


def of_seven(shop: Workshop) -> list[Event]:
    return [event for event, _ in shop.exchange.taken() if event.subject in INVOICE_AND_PAYMENT.values()]
