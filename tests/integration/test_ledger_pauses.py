"""Since when a kind or an organisation is paused, and until when, whatever the ledger's clock does."""

from __future__ import annotations

from datetime import timedelta

from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import ORG
from worker.documents.documents import Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import Pause

QUARTER = timedelta(minutes=15)


def refused(clock: FakeClock) -> Pause:
    """As five refusals in a row begin it."""
    return Pause(ORG, Kind.INVOICE, "account_invalid", "archived", clock.now(), clock.now() + QUARTER)


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
