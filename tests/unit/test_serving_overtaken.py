"""A held event that another one makes needless has an end that is told, and its run has one event less to wait for."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from producers.runs import Run
from schemas.codec import encode_event
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from tests.agent_fixture import message
from tests.sample_ledger import event as a_held_event
from tests.sample_ledger import lease_of, opened
from tests.serving_fakes import ORG, MemoryBroker, MemoryXero, serve
from tests.unit.mapping_cases import VERSION, event, payment
from worker.documents import EntityKey
from worker.ledger.records import Held, HoldState

CUSTOMER = event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"})


def held(one: Event, until: datetime) -> Held:
    """What waits in the ledger for its time."""
    owner = EntityKey(ORG, one.source, str(one.entity), one.subject)
    return a_held_event(
        1,
        body=encode_event(one),
        event_id=one.id,
        owner=owner,
        version=one.version,
        lane=Lane.IMMEDIATE,
        until=until,
    )


async def test_what_a_newer_version_did_is_not_missing_from_its_run(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        run = Run("run-1", "resync-all", ResyncAll())
        await ledger.store("webshop", holder="agent")[1].record(run, message(run.name, run.command, run.id))
        lease = await lease_of(ledger, name=ORG)
        waiting = CUSTOMER.model_copy(update={"id": "of-the-run", "correlation_id": "run-1"})
        await ledger.held.hold(lease, [held(waiting, await ledger.now() + timedelta(hours=1))])
        one = serve(ledger, lease, MemoryBroker(), MemoryXero())
        newer = CUSTOMER.model_copy(update={"version": VERSION + timedelta(hours=1)})

        with capture_logs() as lines:
            await one.acked(*one.receive(newer))
            await one.end()

        status = await ledger.runs.get("run-1")
        assert status is not None
        assert (status.unchanged, status.settled) == (1, 1)
        assert await one.waiting(HoldState.TIME) == 0
    [told] = [line for line in lines if line.get("event_id") == "of-the-run"]
    assert (told["event"], told["result"], told["entity"]) == ("event.completed", "coalesced", "customer")


async def test_what_is_in_memory_has_one_end(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        lease = await lease_of(ledger, name=ORG)
        await ledger.held.hold(lease, [held(CUSTOMER, await ledger.now())])
        one = serve(ledger, lease, MemoryBroker(), MemoryXero())

        with capture_logs() as lines:
            await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
            await one.waits(HoldState.TIME, 0)
            await one.end()

    assert [line["result"] for line in lines if line.get("entity") == "customer"] == ["written"]
