"""Events come in any order, twice, and from two stores at once: the books are the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.entities import CreditMemo, Customer, Entity, Payment
from schemas.envelope import Event
from tests.acceptance.post import part_of
from tests.acceptance.stage import SHORT_LEASE_S, Stage, a_small_day
from tests.support.log_lines import told
from tests.support.trading_day import Day
from worker.ledger.held.parked import Chosen
from worker.ledger.records import HoldState
from worker.session.steps import Step


async def test_a_day_in_reverse_order_gives_the_same_books(sqlite_stage: Stage) -> None:
    day = a_small_day(sqlite_stage.organisation)
    day.events.reverse()
    await sqlite_stage.publish(day)

    sqlite_stage.worker()

    await sqlite_stage.until_quiet([day])
    await sqlite_stage.assert_right(day)


async def test_every_event_twice_gives_the_same_books(sqlite_stage: Stage) -> None:
    day = a_small_day(sqlite_stage.organisation, orders=12)
    await sqlite_stage.publish(day)
    await sqlite_stage.publish(day)
    sqlite_stage.worker()
    await sqlite_stage.until_quiet([day])

    calls = sqlite_stage.calls()
    await sqlite_stage.publish(day)
    await sqlite_stage.until(
        lambda: len(told(sqlite_stage.log(), result="unchanged")) >= len(day.invoices), what="unchanged invoices"
    )

    await sqlite_stage.until_quiet([day])
    await sqlite_stage.assert_right(day)
    assert sqlite_stage.calls() == calls


async def test_money_that_comes_before_its_invoice_waits_for_it(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation)
    money = part_of(day, _is_money)
    await stage.publish(money)
    stage.worker()
    waiting = len({event.subject for event in money.events})
    await stage.until_async(lambda: _is_held(stage, HoldState.PARENT, waiting), what="payments and refunds held")
    assert stage.sandbox.counts()["documents"]["invoices"] == 0

    await stage.publish(part_of(day, lambda event: not _is_money(event)))

    quiet = part_of(day)
    await stage.until_quiet([quiet])
    await stage.assert_right(quiet)


async def test_money_whose_invoice_never_comes_is_parked_after_a_day_and_can_be_retried(
    sqlite_stage: Stage, tmp_path: Path
) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=12)
    sale = next(iter(day.payments.values())).sale
    late = part_of(day, lambda event: event.entity is Entity.INVOICE and event.subject == sale.invoice_id)
    await stage.publish(part_of(day, lambda event: event not in late.events))
    stage.lease_s = SHORT_LEASE_S
    first = stage.worker()
    money = len({event.subject for event in day.events if _is_money(event) and _sale_of(event) == sale.invoice_id})
    await stage.until_async(lambda: _is_held(stage, HoldState.PARENT, money), what="the money held")
    await stage.until_async(lambda: _is_held(stage, HoldState.TIME, 0), what="nothing else on its way")
    stage.kill(first)

    _a_day_passes(tmp_path / "ledger.db")
    stage.worker()
    await stage.until_async(lambda: _is_held(stage, HoldState.PERSON, money), what="the money parked")
    parked = await (await stage.inspection()).parked()
    await stage.publish(late)
    await stage.until(lambda: stage.sandbox.counts()["documents"]["invoices"] == len(day.invoices), what="the invoice")
    await (await stage.ledger()).parked.retry(Chosen(ids=tuple(held.id for held in parked)), who="ann")

    assert {held.reason for held in parked} == {"parent_missing"}
    assert any(f"invoice of invoice {sale.invoice_id} of shop" in held.detail for held in parked)
    quiet = part_of(day)
    await stage.until_quiet([quiet])
    await stage.assert_right(quiet)


async def test_two_stores_with_equal_ids_share_one_organisation(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    shop = part_of(a_small_day(stage.organisation))
    outlet = part_of(a_small_day(stage.organisation, seed=7, store="outlet"))
    assert set(shop.invoices) == set(outlet.invoices)
    assert shop.items == outlet.items
    await stage.publish(_shuffled(shop, outlet))

    stage.worker()

    await stage.until_quiet([shop, outlet])
    await stage.assert_right(shop, outlet)


@pytest.mark.parametrize("step", [Step.CALL_OPENED, Step.SENT])
async def test_a_newer_version_is_not_lost_behind_a_call_whose_reply_was(sqlite_stage: Stage, step: Step) -> None:
    stage = sqlite_stage
    day = part_of(a_small_day(stage.organisation, orders=2))
    await stage.publish(part_of(day, lambda event: event.entity is Entity.CUSTOMER))
    await stage.died(stage.worker(step))

    await stage.publish(_moved(day))
    stage.worker()

    await stage.publish(part_of(day, lambda event: event.entity is not Entity.CUSTOMER))
    await stage.until_quiet([day])
    await stage.until(lambda: _phones(stage) == {"0800 0000"}, within_s=60, what="every customer's new number")
    await stage.assert_right(day)


def _moved(day: Day) -> Day:
    """The day's customers, an hour later and with another telephone."""
    customers = [event for event in day.events if isinstance(event.data, Customer)]
    later = [
        event.model_copy(
            update={
                "id": f"later-{event.id}",
                "version": event.version + timedelta(hours=1),
                "data": event.data.model_copy(update={"phone": "0800 0000"}),
            }
        )
        for event in customers
    ]
    return replace(part_of(day), events=later)


def _phones(stage: Stage) -> set[str]:
    """What the contacts of customers, not of guests, have."""
    contacts = [c for c in stage.sandbox.documents("contacts") if "guest" not in c["ContactNumber"]]
    return {phone["PhoneNumber"] for c in contacts for phone in c["Phones"] if phone.get("PhoneNumber")}


def _shuffled(one: Day, other: Day) -> Day:
    """Both days' events in turn."""
    both = part_of(one)
    both.events = [event for pair in zip(one.events, other.events, strict=False) for event in pair]
    longer = max(one.events, other.events, key=len)
    both.events += longer[min(len(one.events), len(other.events)) :]
    return both


def _is_money(event: Event) -> bool:
    return event.entity in {Entity.PAYMENT, Entity.CREDIT_MEMO}


def _sale_of(event: Event) -> str | None:
    return event.data.sale.invoice_id if isinstance(event.data, Payment | CreditMemo) else None


async def _is_held(stage: Stage, state: HoldState, count: int) -> bool:
    return await stage.held(state) == count


def _a_day_passes(ledger: Path) -> None:
    """For what is held, as if nobody had been there meanwhile."""
    moved = "UPDATE held SET created_at = created_at - :by, state_since = state_since - :by"
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute(moved, {"by": 25 * 3600 * 1_000_000})
