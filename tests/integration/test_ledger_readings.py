"""Calls of commands that read Xero beside a worker: counted with its own, and never in its way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.envelope import Lane
from tests.support.fakes import START
from tests.support.sample_ledger import AMPLE, ORG, document, lease_of
from worker.budget.corrections import Headers
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.documents.documents import Kind
from worker.ledger.database.errors import LeaseLost
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Purpose
from worker.ledger.report import Usage


async def reading(ledger: Ledger, limits: Limits = AMPLE) -> Call | Wait:
    return await ledger.readings.open(
        ORG, purpose=Purpose.RECONCILE, kind=Kind.INVOICE, path="/Invoices", params={"page": "1"}, limits=limits
    )


async def test_a_reading_needs_no_lease_and_stands_in_the_report(ledger: Ledger) -> None:
    await lease_of(ledger)
    call = await reading(ledger)
    assert isinstance(call, Call)

    await ledger.readings.close(call, status=200, headers=Headers())
    await ledger.readings.close(call, status=500, headers=Headers())

    [usage] = await ledger.calls.usage(ORG, START - timedelta(days=1))
    assert usage == Usage(START.date(), Purpose.RECONCILE, "Invoices", 200, calls=1, requests=1, documents=0)


async def test_readings_leave_what_the_days_own_sales_need(ledger: Ledger) -> None:
    limits = Limits(day=40, minute=1000, burst=0.5)
    lease = await lease_of(ledger)
    made = 0
    while isinstance(result := await reading(ledger, limits), Call):
        await ledger.readings.close(result, status=200, headers=Headers())
        made += 1

    of_worker = await ledger.calls.open_read(
        lease, purpose=Purpose.LOOKUP, lane=Lane.IMMEDIATE, path="/Invoices", params={}, limits=limits
    )

    assert made == 10  # half of the 20 that can be saved up
    assert result.reason == "day"
    assert isinstance(of_worker, Call)


async def test_what_xero_says_of_its_limits_binds_readings_too(ledger: Ledger) -> None:
    call = await reading(ledger)
    assert isinstance(call, Call)
    await ledger.readings.close(call, status=429, headers=Headers(retry_after_s=30, problem="minute"))

    waiting = await reading(ledger)

    assert isinstance(waiting, Wait)
    assert waiting.reason == "minute"


async def test_a_second_token_counts_as_a_request_of_the_same_call(ledger: Ledger) -> None:
    call = await reading(ledger)
    assert isinstance(call, Call)

    assert await ledger.readings.spend_again(ORG, call.id, limits=AMPLE)

    await ledger.readings.close(call, status=200, headers=Headers())
    [usage] = await ledger.calls.usage(ORG, START - timedelta(days=1))
    assert usage.requests == 2
    assert not await ledger.readings.spend_again(ORG, call.id, limits=AMPLE)


async def test_restoring_keeps_what_is_there_and_needs_the_lease(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await ledger.documents.restore(lease, [document(1)])

    await ledger.documents.restore(lease, [document(1)._replace(content_hash="other"), document(2)])

    found = await ledger.documents.get([document(1).key, document(2).key])
    assert {one.content_hash for one in found.values()} == {"h1", "h2"}
    with pytest.raises(LeaseLost):
        await ledger.documents.restore(replace(lease, fence=lease.fence - 1), [document(3)])


async def test_those_who_spend_first_and_at_once_are_all_counted(ledger: Ledger) -> None:
    results = await asyncio.gather(*(reading(ledger) for _ in range(8)))

    state, spent, _ = await ledger.budget.standing(ORG, AMPLE)
    assert all(isinstance(one, Call) for one in results)
    assert (spent.day, spent.in_flight) == (8, 8)
    assert state.day.level == AMPLE.day_capacity - 8
