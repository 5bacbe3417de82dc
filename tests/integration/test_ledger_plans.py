"""A ledger that has grown is asked by its indexes: each database tells how it would go about it."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta

import pytest

from schemas.envelope import Lane
from tests.support.fakes import START
from tests.support.grown_ledger import orphan, park, postpone, settle
from tests.support.plans import Plans
from tests.support.sample_ledger import ORG, document, event, key, lease_of, open_call, put_documents, write
from worker.documents.documents import Kind
from worker.ledger.database.engine import Database
from worker.ledger.held.parked import Chosen
from worker.ledger.ledger import Ledger
from worker.ledger.records import KIND_PAUSED, Held


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, encryption_key=None)


@pytest.fixture
def plans(database: Database) -> Plans:
    return Plans(database)


async def test_pending_calls_are_found_without_those_that_are_settled(
    ledger: Ledger, database: Database, plans: Plans
) -> None:
    await settle(database, 2_000)
    opened = [await open_call(ledger, await lease_of(ledger), write(number)) for number in range(3)]

    for asking in (ledger.calls.unsettled(ORG), ledger.overview.waiting([ORG])):
        of_calls = [plan for plan in await plans.of(asking) if " calls" in plan]

        assert len(of_calls) == 1
        assert "ix_calls_pending" in of_calls[0]
    assert await ledger.calls.unsettled(ORG) == opened


async def test_a_purge_with_nothing_to_do_does_not_read_every_call(
    ledger: Ledger, database: Database, plans: Plans
) -> None:
    await settle(database, 2_000)

    asked = await plans.of(ledger.calls.purge(100_000))

    assert len([plan for plan in asked if "ix_calls_" in plan]) >= 3
    assert [plan for plan in asked if "Seq Scan on calls" in plan or plan == "SCAN calls"] == []


@pytest.mark.parametrize("organisations", [(ORG,), ("other",), (ORG, "other", "third")], ids=",".join)
async def test_a_page_of_what_is_held_is_read_without_reading_and_sorting_the_others(
    ledger: Ledger, database: Database, plans: Plans, organisations: tuple[str, ...]
) -> None:
    for org, many in ((ORG, 2_000), ("other", 500), ("third", 1)):
        await park(database, many, org=org)
    found: list[Held] = []

    async def read() -> None:
        found.extend([one async for one in ledger.histories.every_held(organisations)])

    asked = await plans.of(read())

    assert {one.org for one in found} == set(organisations)
    assert [plan for plan in asked if "Sort" in plan or "TEMP B-TREE" in plan] == []


@pytest.mark.parametrize("organisations", [(ORG,), (ORG, "other")], ids=",".join)
async def test_a_page_of_calls_is_read_without_reading_those_before_it_once_more(
    ledger: Ledger, database: Database, plans: Plans, organisations: tuple[str, ...]
) -> None:
    for org, many in ((ORG, 4_000), ("other", 4_000), ("small", 600)):
        await settle(database, many, org=org)

    def look(organisations: tuple[str, ...]) -> Awaitable[object]:
        return ledger.histories.calls(organisations, since=START, owners=[key(1).owner])

    of_few = await plans.efforts(look(("small",)))
    of_many = await plans.efforts(look(organisations))

    assert len(of_many) > 8 * len(organisations)
    assert max(of_many) <= 1.5 * max(of_few)


async def test_what_waits_is_counted_and_found_without_reading_its_rows(
    ledger: Ledger, database: Database, plans: Plans
) -> None:
    await park(database, 2_000)
    await park(database, 20, org="other")
    listing = ledger.parked.rows(Chosen(organisations=("other", "third")), limit=5)

    for asking in (ledger.overview.waiting(["other"]), listing):
        of_held = [plan for plan in await plans.of(asking) if " held" in plan]

        assert len(of_held) == 1
        assert "COVERING INDEX ix_held_waiting" in of_held[0] or "Index Only Scan using ix_held_waiting" in of_held[0]


async def test_what_is_due_is_found_without_what_waits_otherwise(
    ledger: Ledger, database: Database, plans: Plans
) -> None:
    await park(database, 2_000)
    await ledger.held.hold(await lease_of(ledger), [event(1)])

    asked = await plans.of(ledger.held.due(ORG))

    assert [plan for plan in asked if "ix_held_due" in plan] != []


async def test_what_is_due_in_one_lane_is_found_without_that_of_the_others(
    ledger: Ledger, database: Database, plans: Plans
) -> None:
    await postpone(database, 20)
    few = await plans.efforts(ledger.held.due(ORG, lane=Lane.IMMEDIATE))
    await postpone(database, 4_000, reason="another")
    urgent = event(2, lane=Lane.IMMEDIATE, until=START)
    await ledger.held.hold(await lease_of(ledger), [urgent])

    many = await plans.efforts(ledger.held.due(ORG, lane=Lane.IMMEDIATE))

    assert max(many) <= max(few) + 50
    assert [one.id for one in await ledger.held.due(ORG, lane=Lane.IMMEDIATE)] == [urgent.id]


async def test_what_waits_for_the_end_of_a_pause_is_found_without_what_waits_otherwise(
    ledger: Ledger, database: Database, plans: Plans
) -> None:
    later = await ledger.now() + timedelta(hours=1)
    await postpone(database, 2_000, until=later)
    await postpone(database, 3, reason=KIND_PAUSED, until=later)
    lease = await lease_of(ledger)

    for asking in (ledger.pauses.shorten(lease), ledger.pauses.clear(ORG, Kind.INVOICE)):
        finding = [plan for plan in await plans.of(asking) if "ix_held_" in plan]

        assert finding != []
        assert all("ix_held_paused" in plan for plan in finding)


async def test_what_a_clock_ahead_held_is_found_without_what_waits_otherwise(
    ledger: Ledger, database: Database, plans: Plans
) -> None:
    later = await ledger.now() + timedelta(hours=1)
    await postpone(database, 20, until=later)
    lease = await lease_of(ledger)
    few = await plans.efforts(ledger.held.hasten(lease))
    await postpone(database, 4_000, reason="another", until=later)

    many = await plans.efforts(ledger.held.hasten(lease))

    assert max(many) <= max(few) + 50


async def test_what_has_waited_too_long_for_its_parent_is_found_without_what_has_not(
    ledger: Ledger, database: Database, plans: Plans
) -> None:
    now, lease = await ledger.now(), await lease_of(ledger)
    await orphan(database, 20, state_since=now)
    few = await plans.efforts(ledger.held.expire_parents(lease))
    await orphan(database, 4_000, state_since=now)

    many = await plans.efforts(ledger.held.expire_parents(lease))

    assert max(many) <= max(few) + 50


async def test_whether_sales_were_issued_anew_is_known_without_reading_the_others(
    ledger: Ledger, database: Database, plans: Plans
) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, *(document(number) for number in range(2_000)))
    asked = await plans.of(ledger.documents.has_reissued(ORG))
    before = await ledger.documents.has_reissued(ORG)

    await put_documents(ledger, lease, document(7)._replace(number="I-shop-7~2"))

    assert ["ix_documents_reissued" in plan for plan in asked] == [True]
    assert (before, await ledger.documents.has_reissued(ORG)) == (False, True)
    assert not await ledger.documents.has_reissued("other")
