"""An organisation without a `tenant_id`: what its connection reaches is what it is served in, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from schemas.entities import Entity
from tests.support.mapping_cases import event
from tests.support.sample_ledger import document, lease_of, opened, put_documents
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero
from tests.support.waiting import until
from tests.unit.serving.test_runner import runner_of
from worker.ledger.ledger import Ledger
from worker.ledger.records import Pause

BEFORE, NOW = "5b96e86b-418e-48e8-8949-308c14aec278", "A0A0A0A0-418e-48e8-8949-308c14aec278"
CUSTOMER = event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"})


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        yield ledger


async def served(ledger: Ledger, *tenants: str, booked: bool = True) -> tuple[Sequence[Pause], int]:
    """What pauses it, and how many calls reached Xero; `booked` are documents that are there already."""
    broker, xero, lease = MemoryBroker(), MemoryXero(), await lease_of(ledger, name=ORG)
    if booked:
        await put_documents(ledger, lease, document(1, org=ORG))
    runner = runner_of(ledger, lease, broker, xero, tenants=tenants)
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.paused_for or runner.is_serving, what="the session")
    delivery = broker.deliver(CUSTOMER)
    runner.receive(delivery)
    await until(lambda: broker.acked[delivery.tag] or broker.returned[delivery.tag], what="the event's end")
    runner.stop()
    await asyncio.wait_for(running, 30)
    return await ledger.pauses.current(ORG), len(xero.calls)


async def test_a_connection_that_points_at_another_tenant_pauses_before_the_first_call(ledger: Ledger) -> None:
    await served(ledger, BEFORE)

    pauses, calls = await served(ledger, NOW)

    [pause] = pauses
    assert (pause.reason, calls) == ("other_tenant", 0)
    assert BEFORE in pause.detail
    assert NOW in pause.detail


async def test_a_connection_that_points_where_it_did_is_served(ledger: Ledger) -> None:
    first = await served(ledger, BEFORE.upper())

    second = await served(ledger, BEFORE)

    assert [pauses for pauses, _ in (first, second)] == [[], []]


async def test_of_several_tenants_none_is_picked(ledger: Ledger) -> None:
    pauses, calls = await served(ledger, BEFORE, NOW, booked=False)

    [pause] = pauses
    assert (pause.reason, calls) == ("other_tenant", 0)
    assert pause.detail.endswith(f"set it to one of {BEFORE}, {NOW}")


async def test_where_xero_does_not_tell_the_tenant_it_is_said_and_the_calls_tell_what_is_wrong(ledger: Ledger) -> None:
    with capture_logs() as lines:
        pauses, calls = await served(ledger)

    assert (pauses, calls > 0) == ([], True)
    assert [line["event"] for line in lines].count("organisation.tenant_unknown") == 1


async def test_the_tenant_of_another_organisation_is_not_booked_in_under_this_name(ledger: Ledger) -> None:
    other = await lease_of(ledger, name="other")
    await ledger.tenants.bind(other, BEFORE)
    await put_documents(ledger, other, document(1, org="other"))

    pauses, calls = await served(ledger, BEFORE, booked=False)

    [pause] = pauses
    assert (pause.reason, calls) == ("other_tenant", 0)
    assert "expected the name other" in pause.detail
