"""Sending again, waiting for tokens, and reads: what a call may cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from schemas.envelope import Lane
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import (
    AMPLE,
    ORG,
    compose,
    lease_of,
    open_call,
    try_open,
    write,
)
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.documents.documents import Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, CallState, Opened, Purpose

SECOND = timedelta(seconds=1)
ONE_CALL = Limits(day=1)


async def test_a_resend_repeats_the_call_and_costs_a_token(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))
    await ledger.calls.mark_uncertain(lease, call.id, status=504, detail="gateway time-out")
    clock.advance(239)

    again = await ledger.calls.resend(lease, call.id, limits=AMPLE)

    assert again == replace(call, sends=2, sent_at=clock.now(), status=504)
    assert await ledger.calls.unsettled(ORG) == [again]
    assert sum(usage.requests for usage in await ledger.calls.usage(ORG, START)) == 2


async def test_a_resend_waits_for_a_token_and_comes_too_late(ledger: Ledger, clock: FakeClock) -> None:
    lease, limits = await lease_of(ledger), Limits(minute=1)
    call = await open_call(ledger, lease, write(1), limits=limits)
    await ledger.calls.mark_uncertain(lease, call.id, status=None, detail="no reply")

    waiting = await ledger.calls.resend(lease, call.id, limits=limits)
    clock.advance(241)
    too_late = await ledger.calls.resend(lease, call.id, limits=limits)

    assert isinstance(waiting, Wait)
    assert too_late is None
    assert (await ledger.calls.unsettled(ORG))[0].state is CallState.UNCERTAIN
    assert sum(usage.requests for usage in await ledger.calls.usage(ORG, START)) == 1


async def test_a_resend_does_not_prolong_the_life_of_its_key(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))
    await ledger.calls.mark_uncertain(lease, call.id, status=504, detail="gateway time-out")
    clock.advance(200)
    await ledger.calls.resend(lease, call.id, limits=AMPLE)
    await ledger.calls.mark_uncertain(lease, call.id, status=504, detail="gateway time-out")

    clock.advance(41)

    assert await ledger.calls.resend(lease, call.id, limits=AMPLE) is None


async def test_what_was_opened_by_a_clock_that_was_ahead_is_not_sent_again(ledger: Ledger, clock: FakeClock) -> None:
    clock.advance(6 * 3600)
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))
    await ledger.calls.mark_uncertain(lease, call.id, status=504, detail="gateway time-out")

    clock.set_back(6 * 3600 - 600)

    assert await ledger.calls.resend(lease, call.id, limits=AMPLE) is None


async def test_a_retry_inside_a_call_costs_a_token_but_no_place_in_flight(ledger: Ledger) -> None:
    lease, limits = await lease_of(ledger), Limits(concurrent=1)
    call = await open_call(ledger, lease, write(1), limits=limits)

    again = await ledger.calls.spend_again(lease, call.id, limits=limits)
    another = await try_open(ledger, lease, write(2), limits=limits)

    assert again is True
    assert isinstance(another, Wait)
    assert another.reason == "in_flight"
    assert sum(usage.requests for usage in await ledger.calls.usage(ORG, START)) == 2
    await ledger.calls.close(lease, call.id, status=200)
    assert await ledger.calls.spend_again(lease, call.id, limits=limits) is False


async def test_what_is_begun_is_finished_from_the_reserve(ledger: Ledger) -> None:
    lease, limits = await lease_of(ledger), Limits(day=2, burst=1.0, reserve=0.5)
    call = await open_call(ledger, lease, write(1), limits=limits)
    await ledger.calls.mark_uncertain(lease, call.id, status=504, detail="gateway time-out")

    batch = await ledger.calls.open_read(
        lease, purpose=Purpose.LOOKUP, lane=Lane.BATCH, path="/Invoices", params={}, limits=limits
    )
    again = await ledger.calls.resend(lease, call.id, limits=limits)

    assert isinstance(batch, Wait)
    assert isinstance(again, Call)


async def test_a_call_that_counts_as_under_way_no_more_takes_a_place_when_it_is_sent_again(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease, limits = await lease_of(ledger), Limits(concurrent=1)
    call = await open_call(ledger, lease, write(1), limits=limits)
    clock.advance(66)
    lease = await lease_of(ledger)
    await open_call(ledger, lease, write(2), limits=limits)

    again = await ledger.calls.resend(lease, call.id, limits=limits)

    assert isinstance(again, Wait)
    assert again.reason == "in_flight"


async def test_calls_of_a_dead_worker_give_their_places_back(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger, "dead")
    for n in range(5):
        await open_call(ledger, lease, write(n), limits=Limits())
    clock.advance(66)

    lease = await lease_of(ledger, "w2")
    lookup = await ledger.calls.open_read(
        lease, purpose=Purpose.LOOKUP, lane=Lane.IMMEDIATE, path="/Invoices", params={}, limits=Limits()
    )

    assert isinstance(lookup, Call)
    assert len(await ledger.calls.unsettled(ORG)) == 5


async def test_a_read_costs_a_token_and_is_counted_but_never_unsettled(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    written = await open_call(ledger, lease, write(1), limits=ONE_CALL)
    await ledger.calls.mark_uncertain(lease, written.id, status=None, detail="")

    refused = await ledger.calls.open_read(
        lease, purpose=Purpose.PROBE, lane=Lane.IMMEDIATE, path="/Organisation", params={}, limits=ONE_CALL
    )
    clock.advance(1)
    read = await ledger.calls.open_read(
        lease,
        purpose=Purpose.LOOKUP,
        lane=Lane.IMMEDIATE,
        path="/Invoices",
        params={"InvoiceNumbers": "I-shop-1"},
        limits=AMPLE,
        kind=Kind.INVOICE,
    )

    assert isinstance(refused, Wait)
    assert isinstance(read, Call)
    assert (read.method, read.params, read.members) == ("GET", {"InvoiceNumbers": "I-shop-1"}, ())
    assert [call.id for call in await ledger.calls.unsettled(ORG)] == [written.id]


async def test_the_same_writes_composed_again_after_a_wait_are_opened(ledger: Ledger, clock: FakeClock) -> None:
    lease, limits = await lease_of(ledger), Limits(minute=1)
    first = await open_call(ledger, lease, write(1), limits=limits)
    await ledger.calls.close(lease, first.id, status=200)
    wait = await try_open(ledger, lease, write(2), limits=limits)
    assert isinstance(wait, Wait)

    clock.advance((wait.until - clock.now()).total_seconds())
    result = await ledger.calls.open_write(
        lease, kind=Kind.INVOICE, lane=Lane.IMMEDIATE, writes=[write(2)], compose=compose([write(2)]), limits=limits
    )

    assert isinstance(result, Opened)
