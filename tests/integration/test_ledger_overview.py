"""What waits in the ledger, counted, on both databases."""

from __future__ import annotations

from schemas.envelope import Lane
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import ORG, event, lease_of, open_call, write
from worker.ledger.held.overview import HeldCount
from worker.ledger.ledger import Ledger
from worker.ledger.records import CallState, HoldState


async def test_held_events_are_counted_by_state_and_reason_with_the_oldest_of_each(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease = await lease_of(ledger)
    other = await lease_of(ledger, name="other")
    await ledger.held.hold(lease, [event(1, HoldState.PERSON, reason="totals")])
    clock.advance(60)
    await ledger.held.hold(lease, [event(2, HoldState.PERSON, reason="totals"), event(3, HoldState.TIME)])
    await ledger.held.hold(other, [event(4, HoldState.PERSON, org="other")])

    waiting = (await ledger.overview.waiting([ORG]))[ORG]

    assert set(waiting.held) == {
        HeldCount(HoldState.PERSON, "totals", 2, START),
        HeldCount(HoldState.TIME, "because", 1, clock.now()),
    }
    assert waiting.calls == {}


async def test_calls_count_until_they_are_closed(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    calls = [await open_call(ledger, lease, write(number)) for number in range(3)]
    for call in calls[:2]:
        await ledger.calls.mark_uncertain(lease, call.id, status=None, detail="no reply")
    await ledger.calls.close(lease, calls[0].id, status=200)

    assert (await ledger.overview.waiting([ORG]))[ORG].calls == {CallState.OPEN: 1, CallState.UNCERTAIN: 1}


async def test_held_events_whose_time_has_come_are_counted_by_their_lane(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    urgent = [event(number, lane=Lane.IMMEDIATE, until=START) for number in range(3)]
    await ledger.held.hold(lease, [*urgent, event(3), event(4, HoldState.PERSON)])

    before = await ledger.overview.due([ORG, "other"])
    clock.advance(60)
    after = await ledger.overview.due([ORG])

    assert before == {ORG: {Lane.IMMEDIATE: 3}, "other": {}}
    assert after == {ORG: {Lane.IMMEDIATE: 3, Lane.BATCH: 1}}
