"""An organisation is not served in another tenant than that of its documents: each would count as booked there."""

from __future__ import annotations

import asyncio
from pathlib import Path

from schemas.entities import Entity
from tests.sample_ledger import document, lease_of, opened, put_documents
from tests.serving_fakes import ORG, MemoryBroker, MemoryXero, session_of
from tests.unit.mapping_cases import event
from tests.waiting import until
from worker.clock import SystemClock
from worker.counts import Counts
from worker.inbox import Throttle
from worker.runner import Runner

DEMO, REAL = "5b96e86b-418e-48e8-8949-308c14aec278", "a0a0a0a0-418e-48e8-8949-308c14aec278"
CUSTOMER = event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"})


async def test_a_changed_tenant_pauses_the_organisation_and_says_which_was_expected(tmp_path: Path) -> None:
    broker, xero = MemoryBroker(), MemoryXero()
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        lease = await lease_of(ledger, name=ORG)
        await ledger.tenants.bind(lease, DEMO)
        await put_documents(ledger, lease, document(1, org=ORG))
        runner = Runner(
            lease=lease,
            org=ORG,
            make_session=lambda lease, _overlay: session_of(ledger, lease, broker, xero, tenant_id=REAL),
            consumer=broker,  # type: ignore[arg-type] # a broker in memory
            throttle=Throttle(pause_reading=lambda: None, resume_reading=lambda: None),
            ledger=ledger,
            clock=SystemClock(),
            counts=Counts(SystemClock().now),
        )
        running = asyncio.create_task(runner.run())
        await until(lambda: runner.paused_for, what="the pause")
        delivery = broker.deliver(CUSTOMER)
        runner.receive(delivery)
        runner.stop()
        await asyncio.wait_for(running, 15)
        [pause] = await ledger.pauses.current(ORG)

    assert (pause.reason, xero.calls, broker.returned[delivery.tag]) == ("other_tenant", [], 1)
    assert DEMO in pause.detail
    assert REAL in pause.detail
