"""Since when a kind or an organisation is paused, and until when, whatever the ledger's clock does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import ORG, event, lease_of
from worker.documents.documents import Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import KIND_PAUSED, Pause

QUARTER = timedelta(minutes=15)
DAYS = 30 * 86_400


def refused(clock: FakeClock) -> Pause:
    """As five refusals in a row begin it."""
    return refused_at(clock.now())


def refused_at(now: datetime) -> Pause:
    return Pause(ORG, Kind.INVOICE, "account_invalid", "archived", now, now + QUARTER)


async def test_a_kind_that_is_refused_again_at_the_next_try_is_paused_since_the_first(
    ledger: Ledger, clock: FakeClock
) -> None:
    await ledger.pauses.set(None, refused(clock))
    clock.advance(QUARTER.total_seconds() + 300)

    await ledger.pauses.set(None, refused(clock))

    assert [(one.since, one.until) for one in await ledger.pauses.current(ORG)] == [(START, clock.now() + QUARTER)]


async def test_a_kind_that_was_served_for_a_month_is_paused_since_the_new_refusals(
    ledger: Ledger, clock: FakeClock
) -> None:
    await ledger.pauses.set(None, refused(clock))
    clock.advance(timedelta(days=30).total_seconds())

    await ledger.pauses.set(None, refused(clock))

    assert [one.since for one in await ledger.pauses.current(ORG)] == [clock.now()]


async def test_a_kind_that_a_clock_ahead_paused_is_served_when_it_is_put_right(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease = await lease_of(ledger)
    clock.advance(DAYS)
    await ledger.pauses.set(None, refused(clock))
    waiting = event(1, until=clock.now() + QUARTER, reason=KIND_PAUSED)
    await ledger.held.hold(lease, [waiting])
    ahead = await ledger.pauses.current(ORG)
    clock.set_back(DAYS)

    await ledger.pauses.shorten(lease)

    assert len(ahead) == 1
    assert await ledger.pauses.current(ORG) == []
    assert [one.id for one in await ledger.held.due(ORG)] == [waiting.id]


async def test_an_organisation_that_a_clock_ahead_paused_is_tried_when_it_is_put_right(
    ledger: Ledger, clock: FakeClock
) -> None:
    clock.advance(DAYS)
    await ledger.pauses.set(None, replace(refused(clock), kind=None))
    clock.set_back(DAYS)

    assert [one.until for one in await ledger.pauses.current(ORG)] == [clock.now()]


async def test_a_pause_that_began_by_a_clock_some_minutes_ahead_lasts(ledger: Ledger, clock: FakeClock) -> None:
    whole = replace(refused(clock), kind=None)
    await ledger.pauses.set(None, refused(clock))
    await ledger.pauses.set(None, whole)
    clock.set_back(240)

    assert await ledger.pauses.current(ORG) == [whole, refused_at(START)]


async def test_what_a_clock_ahead_held_for_an_hour_does_not_wait_for_days(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    clock.advance(DAYS)
    await ledger.held.hold(lease, [event(n, until=clock.now() + timedelta(hours=1)) for n in range(600)])
    clock.set_back(DAYS)
    for_a_day = event(600, until=clock.now() + timedelta(days=1))
    await ledger.held.hold(lease, [for_a_day])

    await ledger.held.hasten(lease)

    due = {one.id for one in await ledger.held.due(ORG, limit=1_000)}
    assert len(due) == 600
    assert for_a_day.id not in due
