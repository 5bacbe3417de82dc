"""What the ledger said is out of date by a moment: a call ended between its answer and what is made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.serving_fakes import LateAnswers, Served, served
from tests.unit.mapping_cases import VERSION, event, invoice, line
from tests.waiting import until
from worker.documents import Kind

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
