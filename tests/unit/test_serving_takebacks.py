"""What the store takes back before it is in Xero, or while it is on its way there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.serving_fakes import Served, served
from tests.unit.mapping_cases import VERSION, credit_memo, event, invoice, line, removed
from tests.waiting import until
from worker.documents import Kind


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        yield one


def sale(**more: Any) -> Event:
    made = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), **more))
    return made.model_copy(update={"version": VERSION + timedelta(hours=1)}) if more else made


def count(one: Served, kind: Kind) -> int:
    return sum(call.kind is kind for call in one.xero.calls)


async def test_a_refund_that_is_taken_back_while_it_is_being_written_is_voided(one: Served) -> None:
    refund = event(Entity.CREDIT_MEMO, credit_memo(line("10.00", "2.00", tax_rate="20")))
    back = removed(Entity.CREDIT_MEMO, "41").model_copy(update={"version": VERSION + timedelta(hours=1)})
    await one.acked(*one.receive(sale()))
    one.xero.gate.clear()
    first = one.receive(refund)
    await until(lambda: count(one, Kind.CREDIT_NOTE), what="the credit note's call")
    second = one.receive(back)
    await until(lambda: len(one.session.buffer) == 2, what="both in memory")
    one.xero.gate.set()

    await one.acked(*first, *second)

    assert one.xero.written["SHOP-C-webshop-300000001"]["Status"] == "VOIDED"
    assert await one.parked() == []


async def test_an_older_version_that_comes_after_its_cancellation_is_not_booked(one: Served) -> None:
    await one.acked(*one.receive(sale(cancelled=True)))

    await one.acked(*one.receive(sale()))

    assert count(one, Kind.INVOICE) == 0
    assert await one.parked() == []


async def test_a_sale_that_is_taken_up_again_after_its_cancellation_is_booked(one: Served) -> None:
    await one.acked(*one.receive(sale(cancelled=True)))
    again = sale().model_copy(update={"version": VERSION + timedelta(hours=2)})

    await one.acked(*one.receive(again))

    assert count(one, Kind.INVOICE) == 1
