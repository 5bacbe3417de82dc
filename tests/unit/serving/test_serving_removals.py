"""A paid sale, or a refund that was paid back, that the store deletes: its money goes first, whatever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, line, payment, removed
from tests.support.paying_xero import PayingXero, refusing, voids
from tests.support.serving_fakes import MemoryBroker, Served, serve, served
from tests.support.waiting import until
from worker.clock import SystemClock
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

SALE = "SHOP-I-webshop-100000012"
REFUND = "SHOP-C-webshop-300000001"
LINE = line("10.00", "2.00", tax_rate="20")
OF_NO_SALE = {"order_id": "21", "order_number": "200000034", "date": "2026-03-02"}


@dataclass
class SlowlyListing(PayingXero):
    """Says what there is when told to, as it was when it was asked."""

    asked: bool = False
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, call: Call) -> Reply:
        reply = await super().send(call)
        if call.purpose is Purpose.LOOKUP:
            self.asked = True
            await self.answering.wait()
        return reply


class Hurried(SystemClock):
    """Ahead of the others, as if so much had passed."""

    ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=PayingXero()) as one:
        yield one


@asynccontextmanager
async def serving_again(one: Served) -> AsyncIterator[Served]:
    """The next session, with the same ledger and Xero."""
    again = serve(one.ledger, one.lease, MemoryBroker(), one.xero)
    try:
        yield again
    finally:
        await again.end()


def gone(entity: Entity, entity_id: str) -> Event:
    return removed(entity, entity_id).model_copy(update={"version": VERSION + timedelta(hours=3)})


async def booked(one: Served) -> tuple[Event, Event]:
    """A paid sale; returns its removal, and its payment's."""
    await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE))))
    await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
    return gone(Entity.INVOICE, "31"), gone(Entity.PAYMENT, "51")


async def paid_back(one: Served) -> tuple[Event, Event]:
    """A refund and the money for it; returns the removals."""
    await one.acked(*one.receive(event(Entity.CREDIT_MEMO, credit_memo(LINE, sale=OF_NO_SALE))))
    money = payment(direction="out", credit_memo_id="41", sale=OF_NO_SALE)
    await one.acked(*one.receive(event(Entity.PAYMENT, money)))
    return gone(Entity.CREDIT_MEMO, "41"), gone(Entity.PAYMENT, "51")


@pytest.mark.parametrize("turned", [False, True], ids=["sale first", "payment first"])
@pytest.mark.parametrize(("books", "number"), [(booked, SALE), (paid_back, REFUND)], ids=["sale", "refund"])
async def test_what_is_deleted_with_its_money_is_voided_behind_it(
    one: Served, books: Callable[[Served], Awaitable[tuple[Event, Event]]], number: str, turned: bool
) -> None:
    document, money = await books(one)

    await one.acked(*one.receive(*((money, document) if turned else (document, money))))

    assert await one.parked() == []
    assert one.xero.written[number]["Status"] == "VOIDED"
    assert [call.kind is Kind.PAYMENT for call in one.xero.calls if voids(call)] == [True, False]


async def test_a_void_does_not_wait_for_ever_for_money_that_does_not_go(one: Served) -> None:
    one.session.clock = clock = Hurried()
    document, money = await booked(one)
    one.xero.gate.clear()
    deleting = one.receive(money)
    await until(lambda: any(map(voids, one.xero.calls)), what="the deletion's call, which is not answered")
    voiding = one.receive(document)
    await until(lambda: len(one.session.buffer) == 2, what="both in memory")
    before = sum(map(voids, one.xero.calls))

    clock.ahead_s = 540

    await until(lambda: sum(map(voids, one.xero.calls)) == 2, what="the void")
    one.xero.gate.set()
    await one.acked(*deleting, *voiding)
    assert before == 1
    await one.parks(0)


async def test_a_void_does_not_wait_for_the_money_of_another_sale(one: Served) -> None:
    _, money = await booked(one)
    await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE, id="32", number="13"))))
    one.xero.gate.clear()
    deleting = one.receive(money)
    await until(lambda: any(map(voids, one.xero.calls)), what="the deletion's call, which is not answered")

    voiding = one.receive(gone(Entity.INVOICE, "32"))

    await until(lambda: sum(map(voids, one.xero.calls)) == 2, what="the void")
    one.xero.gate.set()
    await one.acked(*deleting, *voiding)


async def test_a_sale_whose_payment_is_deleted_in_a_later_window_is_voided_then(one: Served) -> None:
    document, money = await booked(one)
    await one.acked(*one.receive(document))
    assert [held.reason for held in await one.parked()] == ["cancelled_paid"]

    await one.acked(*one.receive(money))

    await one.parks(0)
    await until(lambda: one.xero.written[SALE]["Status"] == "VOIDED", what="the sale void")


async def test_a_refund_whose_payment_is_deleted_in_a_later_window_is_voided_then(one: Served) -> None:
    document, money = await paid_back(one)
    await one.acked(*one.receive(document))

    await one.acked(*one.receive(money))

    await until(lambda: one.xero.written[REFUND]["Status"] == "VOIDED", what="the refund void")
    await one.parks(0)


async def test_a_sale_that_was_set_off_is_voided_when_its_refund_is_deleted(one: Served) -> None:
    await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE))))
    await one.acked(*one.receive(event(Entity.CREDIT_MEMO, credit_memo(LINE))))
    await one.acked(*one.receive(gone(Entity.INVOICE, "31")))
    assert [held.reason for held in await one.parked()] == ["cancelled_paid"]

    await one.acked(*one.receive(gone(Entity.CREDIT_MEMO, "41")))

    await one.parks(0)
    await until(lambda: one.xero.written[SALE]["Status"] == "VOIDED", what="the sale void")
    assert one.xero.written[REFUND]["Status"] == "VOIDED"


async def test_a_sale_with_several_payments_is_voided_behind_the_last(one: Served) -> None:
    await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE))))
    halves = [event(Entity.PAYMENT, payment(id=number, amount="6.00")) for number in ("51", "52")]
    await one.acked(*one.receive(*halves))

    await one.acked(*one.receive(gone(Entity.INVOICE, "31"), gone(Entity.PAYMENT, "51")))
    parked = [held.reason for held in await one.parked()]
    await one.acked(*one.receive(gone(Entity.PAYMENT, "52")))

    assert parked == ["cancelled_paid"]
    await one.parks(0)
    await until(lambda: one.xero.written[SALE]["Status"] == "VOIDED", what="the sale void")


async def test_a_sale_whose_payment_xero_does_not_delete_is_parked_as_paid(one: Served) -> None:
    document, money = await booked(one)
    one.xero.answers[Kind.PAYMENT] = [partial(refusing, said="Payments within a batch cannot be deleted.")]

    await one.acked(*one.receive(document, money))

    assert sorted(held.reason for held in await one.parked()) == ["cancelled_paid", "payment_in_batch"]


@pytest.mark.parametrize(("books", "number"), [(booked, SALE), (paid_back, REFUND)], ids=["sale", "refund"])
async def test_what_xero_calls_paid_and_does_not_show_is_not_taken_for_gone(
    one: Served, books: Callable[[Served], Awaitable[tuple[Event, Event]]], number: str
) -> None:
    document, _ = await books(one)
    kind = Kind.INVOICE if number == SALE else Kind.CREDIT_NOTE
    one.xero.answers[kind] = [refusing, lambda _: Reply(ReplyKind.ANSWERED, 200, ())]

    await one.acked(*one.receive(document))

    assert [held.reason for held in await one.parked()] == ["cancelled_paid"]
    assert one.xero.written[number]["Status"] == "AUTHORISED"


async def test_a_void_that_xero_refuses_once_its_payment_is_gone_is_sent_again(one: Served) -> None:
    document, money = await booked(one)
    await one.acked(*one.receive(money))
    await one.end()
    one.xero.answers[Kind.INVOICE] = [refusing]  # the answer that Xero kept for the worker before

    async with serving_again(one) as next_one:
        await next_one.acked(*next_one.receive(document))

        assert await next_one.parked() == []
        assert one.xero.written[SALE]["Status"] == "VOIDED"


async def test_a_payment_that_goes_while_xero_is_asked_about_its_sale_leaves_nothing_parked(tmp_path: Path) -> None:
    xero = SlowlyListing()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero) as one:
        document, money = await booked(one)
        tags = one.receive(document)
        await until(lambda: xero.asked, what="the look at the sale")
        await one.acked(*one.receive(money))
        xero.answering.set()

        await one.acked(*tags)

        assert await one.parked() == []
        assert xero.written[SALE]["Status"] == "VOIDED"
