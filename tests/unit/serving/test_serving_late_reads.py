"""What the ledger said is out of date by a moment: a call ended between its answer and what is made of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, line, payment
from tests.support.serving_fakes import LateAnswers, Served, served
from tests.support.waiting import until
from worker.calls.settlement import Settlement
from worker.documents.documents import Kind
from worker.intake.intake import Intake
from worker.ledger.held.parked import Chosen
from worker.ledger.records import HoldState

NUMBER = "SHOP-I-webshop-100000012"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    """A session that has the contact of the sale's buyer in Xero."""
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.acked(*one.receive(sale(id="30", number="30")))
        yield one


def sale(net: str = "10.00", *, hours: int = 0, **more: Any) -> Event:
    made = event(Entity.INVOICE, invoice(line(net), **more))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


async def crossing(one: Served, first: Event, second: Event) -> None:
    """`first` is in a call when the ledger is asked for `second`, and settled before the answer arrives."""
    late = LateAnswers(one.ledger.documents, "get")
    one.ledger.documents = late  # type: ignore[assignment] # behind time
    one.xero.gate.clear()
    calls = len(one.xero.calls)
    [sent] = one.receive(first)
    await until(lambda: len(one.xero.calls) > calls, what="the call")
    late.is_late = True
    [crossed] = one.receive(second)
    await late.asked.wait()
    one.xero.gate.set()
    await one.acked(sent)
    late.arriving.set()
    await one.acked(crossed)


async def test_a_sale_that_was_just_written_is_voided(one: Served) -> None:
    await crossing(one, sale(), sale(hours=1, cancelled=True))

    assert one.xero.written[NUMBER]["Status"] == "VOIDED"


async def test_a_change_that_was_just_written_is_taken_back(one: Served) -> None:
    await one.acked(*one.receive(sale()))

    await crossing(one, sale("20.00", hours=1), sale(hours=2))

    assert one.xero.written[NUMBER]["Total"] == 10


async def test_what_is_still_the_same_costs_no_call(one: Served) -> None:
    await crossing(one, sale(), sale())

    assert sum(call.kind is Kind.INVOICE for call in one.xero.calls) == 2


async def test_what_a_call_releases_ends_once_though_its_end_is_told_late(one: Served) -> None:
    await one.acked(*one.receive(event(Entity.PAYMENT, payment(amount="10.00"))))
    late = LateAnswers(one.ledger.calls, "close")
    late.is_late = True
    one.ledger.calls = late  # type: ignore[assignment] # behind time

    with capture_logs() as lines:
        sent = one.receive(sale())
        await asyncio.wait_for(late.asked.wait(), 30)
        await one.waits(HoldState.TIME, 0)
        late.arriving.set()
        await one.acked(*sent)
        await one.end()

    assert [told["result"] for told in lines if told.get("entity") == "payment" and "result" in told] == ["written"]


async def test_what_is_about_to_be_held_anew_does_not_come_back_meanwhile(one: Served) -> None:
    one.xero.answers[Kind.INVOICE] = [one.xero.refuse]
    await one.acked(*one.receive(sale()))
    [refused] = await one.parked()
    await one.hold_calls()
    await one.ledger.parked.retry(Chosen(), who="ann")
    session = one.session
    # first it is in hand, where nobody takes it
    await until(
        lambda: refused.id in session.returning.here() - session.returning.in_hand.keys(),
        what="the event in the buffer",
    )
    [slot] = one.session.buffer.take(Kind.INVOICE, 1, one.session.clock.monotonic())
    late = LateAnswers(one.ledger.held, "outdated")
    late.is_late = True
    one.ledger.held = late  # type: ignore[assignment] # behind time

    settlement = Settlement(session=one.session, intake=Intake(session=one.session))
    parking = asyncio.create_task(settlement.park(slot.write, "unexpected", "", "report it"))
    await asyncio.wait_for(late.asked.wait(), 30)
    for _ in range(2):  # when the second look begins, the first has ended
        one.session.returning.is_due.set()
        await until(lambda: not one.session.returning.is_due.is_set(), what="a look for what is due")
    late.arriving.set()
    await parking

    assert [held.id for held in await one.parked()] == [refused.id]
    assert one.session.returning.here() == set()
