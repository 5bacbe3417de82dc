"""Ten thousand mixed events of three stores through three workers on PostgreSQL, within Xero's limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest

from schemas.entities import Entity
from schemas.envelope import Lane
from tests.acceptance.books import wanted
from tests.acceptance.post import organisation_of
from tests.acceptance.stage import Stage
from tests.support.trading_day import Day, trading_day
from worker.ledger.records import Purpose

_MINUTE = 600
_WORKERS = 3
_EVENTS = 10_000
_DOCUMENTS_PER_CALL = 45
_BATCHABLE = {"Contacts", "Items", "Invoices", "CreditNotes", "Payments"}
_WITHIN_S = 240
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
@pytest.mark.timeout(540)
@pytest.mark.long
async def test_ten_thousand_events_travel_in_full_calls_and_never_meet_a_limit(wide_stage: Stage) -> None:
    days = await _published(wide_stage)

    for _ in range(_WORKERS):
        wide_stage.worker()

    await _assert_all_arrived(wide_stage, days)


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
@pytest.mark.timeout(540)
@pytest.mark.long
async def test_with_one_worker_killed_halfway_all_is_the_same(wide_stage: Stage) -> None:
    days = await _published(wide_stage)
    workers = [wide_stage.worker() for _ in range(_WORKERS)]
    half = sum(wanted(days).values()) // 2

    await wide_stage.until(lambda: _documents(wide_stage) >= half, within_s=_WITHIN_S, what="half of the documents")
    wide_stage.kill(workers[0])

    await _assert_all_arrived(wide_stage, days)


async def _published(stage: Stage) -> list[Day]:
    """The days of three stores, as a morning's backlog in the broker."""
    stage.sandbox.limits(minute=_MINUTE)
    organisations = [stage.organisation, f"{stage.organisation}_org2", f"{stage.organisation}_org3"]
    days = [
        _without_orders(
            trading_day(organisation, customers=500, products=150, orders=1_300, seed=seed, store=f"shop{seed}")
        )
        for seed, organisation in enumerate(organisations, start=1)
    ]
    assert sum(len(day.events) for day in days) >= _EVENTS
    for organisation in organisations:
        stage.configure(organisation, LIMITS__MINUTE=str(_MINUTE), LIMITS__DAY="5000", LINGER="3s")
    await asyncio.gather(*(stage.publish(day, Lane.IMMEDIATE) for day in days))
    return days


def _without_orders(day: Day) -> Day:
    """Invoices are booked, so a store need not publish its orders: each event of these brings a document."""
    day.events = [event for event in day.events if event.entity is not Entity.ORDER]
    return day


async def _assert_all_arrived(stage: Stage, days: list[Day]) -> None:
    await stage.until_quiet(days, within_s=_WITHIN_S)
    await stage.assert_right(*days)
    audit = stage.sandbox.audit()
    assert audit["refused_429"] == 0
    calls, documents = await _full_calls(stage, days)
    assert documents.total() / calls.total() >= _DOCUMENTS_PER_CALL, (calls, documents)


async def _full_calls(stage: Stage, days: list[Day]) -> tuple[Counter[str], Counter[str]]:
    """Writes to the endpoints that take many documents, and the documents they carried, by endpoint.

    What a killed worker's successor sends again, under the same key, is the same call.
    """
    calls: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    ledger = await stage.ledger()
    for day in days:
        for usage in await ledger.calls.usage(organisation_of(day), _EVER):
            if usage.purpose is Purpose.WRITE and usage.endpoint in _BATCHABLE:
                calls[usage.endpoint] += usage.calls
                documents[usage.endpoint] += usage.documents
    # an allocation goes by the path of its credit note, which takes one alone
    allocations = stage.sandbox.counts()["documents"]["allocations"]
    calls["CreditNotes"] -= allocations
    documents["CreditNotes"] -= allocations
    return calls, documents


def _documents(stage: Stage) -> int:
    return sum(stage.sandbox.counts()["documents"].values())
