"""A held event that another one makes needless has an end that is told, and its run has one event less to wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from producers.runs import Run
from schemas.codec import encode_event
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from tests.support.agent_fixture import message
from tests.support.mapping_cases import event, invoice, line, payment
from tests.support.sample_ledger import event as a_held_event
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, FailingOnce, LateAnswers, MemoryBroker, MemoryXero, Served, serve
from tests.support.waiting import until
from worker.documents.documents import EntityKey, Kind
from worker.intake.holding import held_id
from worker.ledger.ledger import Ledger
from worker.ledger.records import Held, HoldState
from worker.mapping.keys import contact_key

CUSTOMER = event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"})
SALE = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))
PAYMENT = event(Entity.PAYMENT, payment())
RUN = Run("run-1", "resync-all", ResyncAll())


def later(one: Event) -> Event:
    """Its next version, of no run."""
    return one.model_copy(update={"version": one.version + timedelta(hours=1), "correlation_id": ""})


def of_run(one: Event) -> Event:
    return one.model_copy(update={"id": "of-the-run", "correlation_id": RUN.id})


def ends(lines: Sequence[Mapping[str, Any]], event_id: str = "of-the-run") -> list[tuple[str, str]]:
    """What the log tells of an event, but that it is held."""
    return [(line["event"], line["result"]) for line in lines if line.get("event_id") == event_id and "result" in line]


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


async def begin_run(ledger: Ledger) -> None:
    await ledger.store("webshop", holder="agent")[1].record(RUN, message(RUN.name, RUN.command, RUN.id))


async def counted(ledger: Ledger) -> tuple[int, int]:
    """What the run has as unchanged, and of how many events it knows the end."""
    status = await ledger.runs.get(RUN.id)
    assert status is not None
    return status.unchanged, status.settled


async def test_what_a_newer_version_did_is_not_missing_from_its_run(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await begin_run(ledger)
        lease = await lease_of(ledger, name=ORG)
        await ledger.held.hold(lease, [held(of_run(CUSTOMER), await ledger.now() + timedelta(hours=1))])
        one = serve(ledger, lease, MemoryBroker(), MemoryXero())

        with capture_logs() as lines:
            await one.acked(*one.receive(later(CUSTOMER)))
            await one.end()

        assert await counted(ledger) == (1, 1)
        assert await one.waiting(HoldState.TIME) == 0
    [told] = [line for line in lines if line.get("event_id") == "of-the-run"]
    assert (told["event"], told["result"], told["entity"]) == ("event.completed", "coalesced", "customer")


async def test_a_later_version_of_the_same_content_is_counted_once(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await begin_run(ledger)
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        await one.acked(*one.receive(CUSTOMER))

        await one.acked(*one.receive(of_run(later(CUSTOMER))))
        await one.end()

        assert await counted(ledger) == (1, 1)


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


async def test_what_its_call_ends_needs_no_second_transaction(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        lease = await lease_of(ledger, name=ORG)
        removing = FailingOnce(ledger.held, "remove", RuntimeError("removed a second time"))
        await ledger.held.hold(lease, [held(CUSTOMER, await ledger.now())])
        ledger.held = removing  # type: ignore[assignment] # which nobody asks for it
        one = serve(ledger, lease, MemoryBroker(), MemoryXero())

        await one.waits(HoldState.TIME, 0)
        await one.end()

    assert not removing.failed


async def test_what_is_parked_while_it_comes_back_beside_its_own_message_stays_parked(tmp_path: Path) -> None:
    """As after a crash between holding an event and acknowledging it: the broker delivers it once more."""
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        await until(lambda: one.session.shelf.at is not None, what="the chart, whose reading is a call too")
        one.xero.answers[Kind.CONTACT] = [one.xero.refuse]
        asking, closing = LateAnswers(ledger.documents, "get"), LateAnswers(ledger.calls, "close")
        ledger.documents, ledger.calls = asking, closing  # type: ignore[assignment] # behind time
        asking.is_late = closing.is_late = True
        same = replace(held(CUSTOMER, await ledger.now()), id=held_id(ORG, encode_event(CUSTOMER)))
        await ledger.held.hold(one.lease, [same])
        await asking.asked.wait()
        sent = one.receive(CUSTOMER)
        await closing.asked.wait()
        asking.arriving.set()
        await until(lambda: any(work.absorbed for work in one.session.buffer.works()), what="one in the other")

        closing.arriving.set()
        await one.acked(*sent)
        await one.end()

        assert [found.id for found in await one.parked()] == [same.id]


async def test_what_comes_back_for_a_contact_that_is_just_written_down_ends_once(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await begin_run(ledger)
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        await until(lambda: one.session.shelf.at is not None, what="the chart, whose reading is a call too")
        await one.acked(*one.receive(SALE))
        buyer = contact_key(SALE, "7")
        await ledger.documents.forget(one.lease, {buyer})
        one.session.buffer.unsettle({buyer})
        asking, closing = LateAnswers(ledger.documents, "get"), LateAnswers(ledger.calls, "close")
        ledger.documents, ledger.calls = asking, closing  # type: ignore[assignment] # behind time
        one.xero.gate.clear()

        with capture_logs() as lines:
            other = one.receive(event(Entity.INVOICE, invoice(line("9.00"), id="30", number="30")))
            await one.written(Kind.CONTACT, 2)
            asking.is_late = closing.is_late = True
            await ledger.held.hold(one.lease, [held(of_run(SALE), await ledger.now())])
            await asking.asked.wait()
            one.xero.gate.set()
            await closing.asked.wait()
            asking.arriving.set()
            await until(lambda: len(one.session.buffer) == 2, what="the sale, whose invoice is there")
            closing.arriving.set()
            await one.acked(*other)
            await one.waits(HoldState.TIME, 0)
            await one.end()

        assert await counted(ledger) == (0, 1)
    assert len(ends(lines)) == 1


async def test_what_was_absorbed_by_what_waits_for_its_parent_comes_back_no_more(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await begin_run(ledger)
        lease = await lease_of(ledger, name=ORG)
        one = serve(ledger, lease, MemoryBroker(), MemoryXero())
        with capture_logs() as lines:
            one.xero.answers[Kind.INVOICE] = [one.xero.refuse]
            await one.hold_calls()
            sale = one.receive(SALE)
            await until(lambda: len(one.session.buffer) == 1, what="the sale in memory")
            await ledger.held.hold(lease, [held(of_run(PAYMENT), await ledger.now())])
            await until(lambda: len(one.session.buffer) == 2, what="the held payment in memory")
            newer = one.receive(later(PAYMENT))
            await until(lambda: any(work.absorbed for work in one.session.buffer.works()), what="one in the other")

            one.let_calls_go()
            await one.acked(*sale, *newer)

            assert (await one.waiting(HoldState.PARENT), await one.waiting(HoldState.TIME)) == (1, 0)
            assert await counted(ledger) == (1, 1)
            await one.acked(*one.receive(later(SALE)))
            await one.waits(HoldState.TIME, 0)
            await one.waits(HoldState.PARENT, 0)
            await one.end()

        assert await counted(ledger) == (1, 1)
    assert ends(lines) == [("event.completed", "coalesced")]


async def joining(one: Served, newer: Event, older: Event) -> None:
    """`older` is asked for before `newer` is in the ledger, and absorbed when its end is written down there."""
    asking, closing = LateAnswers(one.ledger.documents, "get"), LateAnswers(one.ledger.calls, "close")
    one.ledger.documents, one.ledger.calls = asking, closing  # type: ignore[assignment] # behind time
    one.xero.gate.clear()
    [sent] = one.receive(newer)
    await one.written(Kind.CONTACT, 1)
    asking.is_late = closing.is_late = True
    [joined] = one.receive(older)
    await asking.asked.wait()
    one.xero.gate.set()
    await closing.asked.wait()
    asking.arriving.set()
    await until(lambda: any(work.absorbed for work in one.session.buffer.works()), what="one in the other")
    closing.arriving.set()
    await one.acked(sent, joined)


@pytest.mark.parametrize("is_refused", [False, True], ids=["written", "parked"])
async def test_what_joins_an_event_while_its_end_is_written_down_is_counted(tmp_path: Path, is_refused: bool) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await begin_run(ledger)
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        await until(lambda: one.session.shelf.at is not None, what="the chart, whose reading is a call too")
        if is_refused:
            one.xero.answers[Kind.CONTACT] = [one.xero.refuse]

        with capture_logs() as lines:
            await joining(one, later(CUSTOMER), of_run(CUSTOMER))
            await one.end()

        assert await counted(ledger) == (1, 1)
    assert ends(lines) == [("event.completed", "coalesced")]


async def test_what_was_brought_back_while_a_newer_version_was_written_has_one_end(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await begin_run(ledger)
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        asking = LateAnswers(ledger.documents, "get")
        ledger.documents = asking  # type: ignore[assignment] # behind time
        one.xero.gate.clear()
        with capture_logs() as lines:
            sent = one.receive(later(CUSTOMER))
            await one.written(Kind.CONTACT, 1)
            asking.is_late = True
            await ledger.held.hold(one.lease, [held(of_run(CUSTOMER), await ledger.now())])
            await asking.asked.wait()
            one.xero.gate.set()
            await one.acked(*sent)
            asking.arriving.set()
            await one.acked(*one.receive(SALE))  # which is taken in behind it
            await one.end()

        assert await counted(ledger) == (1, 1)
    assert len(ends(lines)) == 1
