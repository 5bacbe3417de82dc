"""What a store took back and has again comes in a newer version; of what Xero cannot undo a person hears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, line, payment, removed
from tests.support.serving_fakes import Served, served
from worker.documents.documents import Action, Kind
from worker.ledger.records import Purpose

SALE = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))
PAYMENT = event(Entity.PAYMENT, payment())
NO_SALE, NO_PAYMENT = removed(Entity.INVOICE, "31"), removed(Entity.PAYMENT, "51")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        yield one


def after(hours: int, back: Event) -> Event:
    return back.model_copy(update={"version": VERSION + timedelta(hours=hours), "id": f"{back.id}-{hours}"})


async def come(one: Served, *events: Event) -> None:
    for each in events:
        await one.acked(*one.receive(each))


def writes(one: Served) -> list[tuple[Kind | None, Action]]:
    return [(call.kind, m.action) for call in one.xero.calls if call.purpose is Purpose.WRITE for m in call.members]


async def test_a_sale_that_was_voided_is_parked_and_so_is_its_payment(one: Served) -> None:
    await come(one, SALE, PAYMENT, after(3, NO_PAYMENT), after(3, NO_SALE))
    before = writes(one)

    await come(one, after(4, SALE), after(4, PAYMENT))

    assert sorted(held.reason for held in await one.parked()) == ["document_void", "voided_in_xero"]
    assert writes(one) == before


async def test_a_payment_whose_sale_stands_is_booked_again(one: Served) -> None:
    await come(one, SALE, PAYMENT, after(3, NO_PAYMENT))
    before = writes(one)

    await come(one, after(4, PAYMENT))

    assert await one.parked() == []
    assert writes(one)[len(before) :] == [(Kind.PAYMENT, Action.SAVE)]


async def test_a_sale_that_was_never_written_is_booked(one: Served) -> None:
    await come(one, after(3, NO_SALE))

    await come(one, after(4, SALE))

    assert await one.parked() == []
    assert writes(one)[-1] == (Kind.INVOICE, Action.SAVE)
