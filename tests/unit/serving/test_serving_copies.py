"""A resync publishes anew what is parked or held: the copies make neither the lists longer nor the books wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from structlog.testing import capture_logs

from producers.runs import Run
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.agent_fixture import message
from tests.support.mapping_cases import event, invoice, line, payment
from tests.support.serving_fakes import ORG, Served, served
from worker.documents.documents import Kind
from worker.ledger.held.parked import Chosen
from worker.ledger.records import HoldState

UNMAPPED = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_code="GB-NONE")))
SALE = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))
PAYMENT = event(Entity.PAYMENT, payment())


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        yield one


def copy(of: Event, run: str, hours: int = 0) -> Event:
    """As another run publishes it."""
    changes = {"id": f"of-{run}", "correlation_id": run, "version": of.version + timedelta(hours=hours)}
    return of.model_copy(update=changes)


async def begun(one: Served, *runs: str) -> None:
    """The agent's record of these runs."""
    for name in runs:
        run = Run(name, "resync-all", ResyncAll())
        await one.ledger.store("webshop", holder="agent")[1].record(run, message(run.name, run.command, run.id))


async def settled(one: Served, run: str) -> tuple[int, int]:
    """Of how many events the run knows the end, and how many of these are parked."""
    status = await one.ledger.runs.get(run)
    assert status is not None
    return status.settled, status.parked


async def test_what_is_parked_is_listed_once_however_often_it_is_published(one: Served) -> None:
    await begun(one, "r1", "r2", "r3")

    for run in ("r1", "r2", "r3"):
        await one.acked(*one.receive(copy(UNMAPPED, run)))

    assert [held.event_id for held in await one.parked()] == ["of-r3"]
    assert [await settled(one, run) for run in ("r1", "r2", "r3")] == [(1, 1)] * 3


async def test_what_xero_refuses_is_listed_once(one: Served) -> None:
    one.xero.answers[Kind.INVOICE] = [one.xero.refuse, one.xero.refuse]

    for run in ("r1", "r2"):
        await one.acked(*one.receive(copy(SALE, run)))

    assert [held.event_id for held in await one.parked()] == ["of-r2"]


async def test_copies_that_come_together_are_held_once(one: Served) -> None:
    await begun(one, "r1", "r2")

    with capture_logs() as lines:
        await one.acked(*one.receive(copy(UNMAPPED, "r1"), copy(UNMAPPED, "r2")))

    assert [held.event_id for held in await one.parked()] == ["of-r2"]
    assert [(line["event"], line["result"]) for line in lines if line.get("event_id") == "of-r1"] == [
        ("event.completed", "coalesced")
    ]
    assert [await settled(one, run) for run in ("r1", "r2")] == [(1, 0), (1, 1)]


async def test_a_child_waits_for_its_parent_once_and_its_runs_come_to_an_end(one: Served) -> None:
    await begun(one, "r1", "r2")
    for run in ("r1", "r2"):
        await one.acked(*one.receive(copy(PAYMENT, run)))
    waiting = await one.waiting(HoldState.PARENT)

    await one.acked(*one.receive(SALE))
    await one.waits(HoldState.TIME, 0)

    assert waiting == 1
    assert [await settled(one, run) for run in ("r1", "r2")] == [(1, 0)] * 2
    await one.written(Kind.PAYMENT, 1)


async def test_a_version_that_comes_late_is_not_held_beside_the_newer_one(one: Served) -> None:
    await begun(one, "r1", "r2")
    await one.acked(*one.receive(copy(UNMAPPED, "r2", hours=1)))

    await one.acked(*one.receive(copy(UNMAPPED, "r1")))

    assert [held.event_id for held in await one.parked()] == ["of-r2"]
    assert await settled(one, "r1") == (1, 0)


async def test_what_was_booked_by_hand_is_not_booked_again_with_the_rest(one: Served) -> None:
    for run in ("r1", "r2"):
        await one.acked(*one.receive(copy(UNMAPPED, run)))
    [parked] = await one.parked()

    await one.ledger.parked.discard(Chosen(ids=(parked.id,)), who="ann", reason="booked by hand")

    assert await one.ledger.parked.retry(Chosen(reason=parked.reason), who="ann") == []


async def test_a_copy_that_came_astray_stops_no_good_one(one: Served) -> None:
    await one.acked(*one.receive(PAYMENT))
    astray = one.broker.deliver(copy(PAYMENT, "r1"))
    one.serving.receive(structs.replace(astray, routing_key=f"{ORG}.batch.payment"))
    await one.acked(astray.tag)
    parked = await one.parked()

    await one.acked(*one.receive(SALE))

    assert [held.reason for held in parked] == ["misrouted"]
    await one.written(Kind.PAYMENT, 1)


async def test_copies_that_go_on_their_way_together_stay_one(one: Served) -> None:
    await one.acked(*one.receive(copy(UNMAPPED, "r1")))
    astray = one.broker.deliver(copy(UNMAPPED, "r2"))
    one.serving.receive(structs.replace(astray, routing_key=f"{ORG}.batch.invoice"))
    await one.acked(astray.tag)
    await one.parks(2)

    await one.ledger.parked.retry(Chosen(), who="ann")

    await one.parks(1)
