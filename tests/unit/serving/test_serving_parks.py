"""What is parked says whose it is, and a later good version makes up for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from producers.runs import Run
from schemas.codec import encode_event
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from schemas.topology import dead_queue, lane_queue
from tests.support.agent_fixture import message
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, line
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, Served, serve, served
from tests.support.waiting import until
from worker.clock import SystemClock
from worker.documents.documents import EntityKey, Kind
from worker.ledger.held.parked import Chosen
from worker.ledger.ledger import Ledger
from worker.ledger.records import Held, HoldState
from worker.session.counts import Counts
from worker.session.finishing import Finishing
from worker.session.steps import Unwatched

LINE = line("10.00", "2.00", tax_rate="20")
INVOICE = invoice(LINE)
OWNER = EntityKey("main", "webshop", "invoice", "31")
RUN = Run("run-1", "resync-all", ResyncAll())
OF_RUN = event(Entity.INVOICE, INVOICE).model_copy(update={"correlation_id": RUN.id})


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        yield one


def spoiled(**changes: Any) -> bytes:
    body = encode_event(event(Entity.INVOICE, INVOICE).model_copy(update=changes))
    return body.replace(b'"gross":"12.00"}', b'"gross":"13.00"}')


def due(of: Event) -> Held:
    """What a person sends on its way again."""
    return Held(
        id="h1",
        org=of.organisation,
        state=HoldState.TIME,
        lane=Lane.IMMEDIATE,
        body=encode_event(of),
        event_id=of.id,
        owner=EntityKey(of.organisation, of.source, str(of.entity), of.subject),
        version=of.version,
        reason="unmapped",
        until=VERSION,
    )


async def test_a_parked_message_names_its_entity_and_version_though_its_data_is_wrong(one: Served) -> None:
    await one.acked(*one.receive(spoiled()))

    [held] = await one.parked()
    assert (held.reason, held.owner, held.version, held.event_id) == ("totals", OWNER, VERSION, "e1")


async def test_a_message_of_a_later_contract_asks_for_a_later_worker(one: Served) -> None:
    body = encode_event(event(Entity.INVOICE, INVOICE))

    await one.acked(*one.receive(body.replace(b"store.invoice.changed:1", b"store.invoice.changed:2")))

    [held] = await one.parked()
    assert (held.reason, held.hint) == ("unknown_version", "upgrade the worker, then retry")


async def test_a_good_later_version_clears_the_bad_one(one: Served) -> None:
    await one.acked(*one.receive(spoiled()))
    good = event(Entity.INVOICE, INVOICE).model_copy(update={"version": VERSION + timedelta(hours=1)})

    await one.acked(*one.receive(good))

    assert await one.parked() == []
    assert "SHOP-I-webshop-100000012" in one.xero.written


async def test_a_parked_event_that_a_later_version_clears_has_its_end_in_the_log(one: Served) -> None:
    with capture_logs() as lines:
        await one.acked(*one.receive(spoiled(id="bad")))
        good = event(Entity.INVOICE, INVOICE).model_copy(update={"version": VERSION + timedelta(hours=1)})
        await one.acked(*one.receive(good))

    told = [line for line in lines if line.get("event_id") == "bad"]
    assert [(line["event"], line["reason"]) for line in told] == [
        ("event.parked", "totals"),
        ("event.completed", "totals"),
    ]
    assert (told[1]["result"], told[1]["entity_id"]) == ("coalesced", "31")


async def begin_run(ledger: Ledger) -> None:
    await ledger.store("webshop", holder="agent")[1].record(RUN, message(RUN.name, RUN.command, RUN.id))


async def figures(ledger: Ledger) -> tuple[int, int, int]:
    """What the run has as parked, written and unchanged."""
    status = await ledger.runs.get(RUN.id)
    assert status is not None
    return status.parked, status.written, status.unchanged


async def test_a_parked_event_is_counted_once_though_it_is_cleared(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await begin_run(ledger)
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        counts = Counts(SystemClock().now)
        one.session.finishing = Finishing(ack=one.session.deliveries.ack, steps=Unwatched(), counts=counts)
        one.xero.answers[Kind.INVOICE] = [one.xero.refuse]

        await one.acked(*one.receive(OF_RUN))
        await one.acked(*one.receive(OF_RUN.model_copy(update={"version": VERSION + timedelta(hours=1)})))
        await one.end()

        assert await figures(ledger) == (1, 1, 0)
    assert {
        outcome: count for (entity, _, outcome), count in counts.events.items() if entity == "invoice" and count
    } == {
        "parked": 1,
        "written": 1,
    }


async def test_an_event_that_is_tried_again_counts_for_its_run_as_it_ended_last(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await begin_run(ledger)
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        one.xero.answers[Kind.INVOICE] = [one.xero.refuse, one.xero.refuse]
        seen = []

        await one.acked(*one.receive(OF_RUN))
        for waiting in (1, 0):
            seen.append(await figures(ledger))
            await ledger.parked.retry(Chosen(), who="ann")
            await one.waits(HoldState.TIME, 0)
            await one.waits(HoldState.PERSON, waiting)
        await one.end()

        assert [*seen, await figures(ledger)] == [(1, 0, 0), (1, 0, 0), (0, 1, 0)]


async def test_an_older_good_version_leaves_the_bad_one_for_a_person(one: Served) -> None:
    await one.acked(*one.receive(spoiled(version=VERSION + timedelta(hours=1))))

    await one.acked(*one.receive(event(Entity.INVOICE, INVOICE)))

    assert [held.reason for held in await one.parked()] == ["totals"]


async def test_what_is_sent_on_its_way_again_is_kept_until_all_its_documents_are_there(one: Served) -> None:
    tenders = [{"method": "stripe", "amount": "12.00"}]
    await one.acked(*one.receive(event(Entity.INVOICE, INVOICE)))
    await one.acked(*one.receive(event(Entity.CREDIT_MEMO, credit_memo(LINE, tenders=tenders))))
    one.xero.gate.clear()

    again = event(Entity.CREDIT_MEMO, credit_memo(LINE)).model_copy(update={"version": VERSION + timedelta(hours=1)})
    await one.ledger.held.hold(one.lease, [due(again)])

    await until(lambda: one.xero.calls[-1].kind is Kind.ALLOCATION, what="the allocation's call")
    assert await one.waiting(HoldState.TIME) == 1
    one.xero.gate.set()
    await one.waits(HoldState.TIME, 0)


async def test_what_was_meant_for_another_organisation_is_not_made_up_for_here(one: Served) -> None:
    astray = event(Entity.INVOICE, INVOICE).model_copy(update={"organisation": "other"})
    await one.acked(*one.receive(astray))

    await one.acked(*one.receive(event(Entity.INVOICE, INVOICE)))

    assert [(held.reason, held.owner) for held in await one.parked()] == [("misrouted", OWNER)]


@pytest.mark.parametrize("queue", [lane_queue(ORG, Lane.BATCH), dead_queue(ORG)])
@pytest.mark.parametrize(
    ("own", "told"),
    [("\x1b[2J", "\\x1b[2J"), (b"\xff" * 100, "\\xff" * 32), ("m1", "m1")],
    ids=["escapes", "not UTF-8", "plain"],
)
async def test_what_can_only_be_told_by_its_id_and_key_is_told_in_print(
    one: Served, own: Any, told: str, queue: str
) -> None:
    unreadable = replace(one.broker.deliver(b"{", queue=queue), message_id=own, routing_key=own)
    one.serving.receive(unreadable)
    await one.acked(unreadable.tag)

    assert [held.event_id for held in await one.parked()] == [told]


async def test_a_key_that_is_not_that_of_its_event_is_told_in_print(one: Served) -> None:
    astray = replace(one.broker.deliver(event(Entity.INVOICE, INVOICE)), routing_key="main.\x1b[2J")
    one.serving.receive(astray)
    await one.acked(astray.tag)

    assert [(held.reason, "main.\\\\x1b[2J" in held.detail) for held in await one.parked()] == [("misrouted", True)]


async def test_what_a_worker_has_in_memory_again_is_not_said_to_be_discarded(one: Served) -> None:
    one.xero.answers[Kind.INVOICE] = [one.xero.refuse]
    await one.acked(*one.receive(event(Entity.INVOICE, INVOICE)))
    await one.parks(1)
    [refused] = await one.parked()
    await one.hold_calls()
    await one.ledger.parked.retry(Chosen(ids=(refused.id,)), who="ann")
    await until(lambda: refused.id in one.session.returning.here(), what="the event in memory")

    done = await one.ledger.parked.discard(Chosen(ids=(refused.id,)), who="ann", reason="booked by hand")
    one.let_calls_go()

    assert (done.gone, done.on_their_way) == ((), (refused.id,))
    await one.written(Kind.INVOICE, 2)
