"""What of the held events whose time has come is brought back first, and how much of it at once."""

from __future__ import annotations

from schemas.envelope import Lane
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import ORG, event, lease_of
from worker.ledger.ledger import Ledger


async def test_large_events_come_back_a_few_at_a_time_until_all_have(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    large = [event(n, body=bytes(5 * 1024 * 1024), until=clock.now()) for n in range(12)]
    await ledger.held.hold(lease, large)

    first = await ledger.held.due(ORG)
    second = await ledger.held.due(ORG, besides={one.id for one in first})

    assert 0 < len(first) < 12
    assert {one.id for one in (*first, *second)} == {one.id for one in large}


async def test_what_is_due_of_one_lane_comes_alone_but_for_what_goes_first(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    waiting = [
        event(n, lane=lane, until=clock.now()) for n, lane in enumerate((Lane.BACKFILL, Lane.IMMEDIATE, Lane.BATCH))
    ]
    await ledger.held.hold(lease, waiting)

    due = await ledger.held.due(ORG, first=[waiting[2].id], lane=Lane.IMMEDIATE)

    assert [one.id for one in due] == [waiting[2].id, waiting[1].id]
