"""What the store takes back before it is in Xero, or while it is on its way there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, key, line, payment, removed
from tests.support.sample_ledger import waiting_in
from tests.support.serving_fakes import MemoryXero, Served, served
from tests.support.waiting import until
from worker.documents.documents import Action, Kind
from worker.ledger.records import Call, HoldState
from worker.xero.replies.reply import Reply, ReplyKind

REFUND = credit_memo(line("10.00", "2.00", tax_rate="20"))


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
    refund = event(Entity.CREDIT_MEMO, REFUND)
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


async def test_an_older_refund_that_comes_after_its_cancellation_waits_for_nothing(one: Served) -> None:
    refund = event(Entity.CREDIT_MEMO, REFUND)
    back = removed(Entity.CREDIT_MEMO, "41").model_copy(update={"version": VERSION + timedelta(hours=1)})
    await one.acked(*one.receive(sale()))
    await one.acked(*one.receive(back))

    await one.acked(*one.receive(refund))

    assert count(one, Kind.CREDIT_NOTE) == 0
    assert sum((await waiting_in(one.ledger)).values()) == 0
    assert len(one.session.buffer) == 0


@pytest.mark.parametrize(
    ("older", "later"),
    [
        (event(Entity.PAYMENT, payment()), removed(Entity.PAYMENT, "51")),
        (event(Entity.CREDIT_MEMO, REFUND), removed(Entity.CREDIT_MEMO, "41")),
    ],
    ids=["payment", "refund"],
)
async def test_what_was_taken_back_does_not_wait_for_a_sale(one: Served, older: Event, later: Event) -> None:
    await one.acked(*one.receive(later.model_copy(update={"version": VERSION + timedelta(hours=1)})))

    await one.acked(*one.receive(older))

    assert await one.waiting(HoldState.PARENT) == 0
    assert await one.parked() == []


async def test_a_refund_of_which_one_document_alone_was_taken_back_waits_for_its_sale(one: Served) -> None:
    refund = event(Entity.CREDIT_MEMO, REFUND)
    gone = (key("credit_memo", "41", "allocation/1"), refund.version + timedelta(hours=1))
    await one.ledger.documents.settle_unchanged(one.lease, [], completed=[], voided=[gone])

    await one.acked(*one.receive(refund))

    assert await one.waiting(HoldState.PARENT) == 1


async def test_money_that_was_taken_back_with_its_refund_does_not_wait_for_it(one: Served) -> None:
    gone = [removed(Entity.CREDIT_MEMO, "41"), removed(Entity.PAYMENT, "51")]
    back = event(Entity.PAYMENT, payment(direction="out", credit_memo_id="41"))
    later = {"version": VERSION + timedelta(hours=1)}

    await one.acked(*one.receive(*(each.model_copy(update=later) for each in gone), sale()))
    await one.acked(*one.receive(event(Entity.CREDIT_MEMO, REFUND), back))

    assert await one.waiting(HoldState.PARENT) == 0
    assert await one.parked() == []


async def test_a_sale_that_is_taken_up_again_after_its_cancellation_is_booked(one: Served) -> None:
    await one.acked(*one.receive(sale(cancelled=True)))
    again = sale().model_copy(update={"version": VERSION + timedelta(hours=2)})

    await one.acked(*one.receive(again))

    assert count(one, Kind.INVOICE) == 1


@dataclass
class SlowlySetOff(MemoryXero):
    """Answers an allocation only when told so, and voids no credit note while one stands."""

    answering: asyncio.Event = field(default_factory=asyncio.Event)
    standing: int = 0

    async def send(self, call: Call) -> Reply:
        if call.kind is Kind.ALLOCATION:
            self.calls.append(call)
            await self.answering.wait()
            self.standing += 1 if call.method == "PUT" else -1
            return self.take(call)
        return await super().send(call)

    def take(self, call: Call) -> Reply:
        [member] = call.members or [None]
        if self.standing and member and member.kind is Kind.CREDIT_NOTE and member.action is Action.VOID:
            said = "This document cannot be edited as it has a payment or credit note allocated to it."
            element = {"CreditNoteNumber": member.number, "CreditNoteID": member.xero_id}
            errors = {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": said}]}
            return Reply(ReplyKind.ANSWERED, 200, (element | errors,))
        return super().take(call)


async def test_a_refund_that_is_taken_back_while_it_is_being_set_off_is_voided(tmp_path: Path) -> None:
    xero = SlowlySetOff()
    refund = event(Entity.CREDIT_MEMO, REFUND)
    back = removed(Entity.CREDIT_MEMO, "41").model_copy(update={"version": VERSION + timedelta(hours=1)})
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero) as one:
        await one.acked(*one.receive(sale()))
        first = one.receive(refund)
        await until(lambda: count(one, Kind.ALLOCATION), what="the allocation's call")
        second = one.receive(back)
        await until(lambda: len(one.session.buffer) == 2, what="both in memory")
        xero.answering.set()

        await one.acked(*first, *second)

        assert xero.written["SHOP-C-webshop-300000001"]["Status"] == "VOIDED"
        assert [(held.reason, held.detail) for held in await one.parked()] == []
