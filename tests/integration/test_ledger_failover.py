"""A standby of PostgreSQL that takes a primary's place: what it lacks of the ledger, those who committed it notice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.sample_ledger import event, lease_of, opened
from tests.support.standby import Pair, primary_and_standby
from worker.ledger.database.errors import LedgerSetBack, LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import NO_COUNTS, Held, Tally


@pytest.fixture
def pair(public_dir: Path) -> Iterator[Pair]:
    with primary_and_standby(public_dir) as pair:
        yield pair


async def _until_there(ledger: Ledger) -> None:
    """Connections that broke are noticed once each."""
    for _ in range(100):
        try:
            await ledger.leases.heartbeat("w1")
        except LedgerSetBack:
            raise
        except LedgerUnavailable:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the ledger does not come back")


async def test_who_held_an_event_that_a_failover_lost_stands_still_though_nothing_else_of_it_is_lost(
    pair: Pair,
) -> None:
    """As in one of less than five seconds without a call to Xero: its delivery is acknowledged."""
    async with opened(pair.url) as ledger:
        lease = await lease_of(ledger)
        pair.leave_it_behind()
        await ledger.held.hold(lease, [event(1)])

        pair.fail_over()

        with pytest.raises(LedgerSetBack, match="a failover lost what was committed last") as told:
            await _until_there(ledger)
        assert "xerelay ledger rebuild" in told.value.cure
        with pytest.raises(LedgerSetBack):
            await ledger.leases.renew(lease)


async def test_a_loss_is_noticed_though_another_committed_while_it_was_under_way(pair: Pair) -> None:
    """The standby has something later than when that began which is lost."""
    async with opened(pair.url) as ledger:
        lease = await lease_of(ledger)

        def meanwhile(_waiting: Sequence[Held], _ended: Sequence[Held]) -> Tally:
            pair.commit_something()
            pair.leave_it_behind()
            return NO_COUNTS

        await ledger.held.hold(lease, [event(1)], count=meanwhile)

        pair.fail_over()

        with pytest.raises(LedgerSetBack, match="a failover lost what was committed last"):
            await _until_there(ledger)


async def test_who_had_committed_nothing_that_is_lost_goes_on(pair: Pair) -> None:
    """As at a standby that replicates synchronously."""
    pair.wait_for_the_standby()
    async with opened(pair.url) as ledger:
        lease = await lease_of(ledger)
        held = [event(number) for number in range(40)]
        await asyncio.gather(*(ledger.held.hold(lease, [one]) for one in held))

        pair.fail_over()

        await _until_there(ledger)
        lease = await ledger.leases.renew(lease)
        await ledger.held.remove(lease, [one.id for one in held])
        assert lease.renewals == 1


async def test_another_worker_that_committed_nothing_in_the_lost_time_goes_on(pair: Pair) -> None:
    """Who did tells it; one that knows of no loss has nothing to tell."""
    async with opened(pair.url) as ledger, opened(pair.url) as other:
        lease, its_own = await lease_of(ledger), await lease_of(other, "w2", "other")
        await other.leases.renew(its_own)
        pair.leave_it_behind()
        await ledger.held.hold(lease, [event(1)])

        pair.fail_over()

        await _until_there(other)
        with pytest.raises(LedgerSetBack):
            await _until_there(ledger)
