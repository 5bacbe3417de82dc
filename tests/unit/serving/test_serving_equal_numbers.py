"""Two sales that a store numbered alike, of one customer and one sum: each is booked, or a person is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import event, invoice, line
from tests.support.serving_fakes import MemoryXero, Served, served
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

NUMBER = "SHOP-I-webshop-100000012"


@dataclass
class UniqueXero(MemoryXero):
    """Takes a new invoice's number once."""

    def take(self, call: Call) -> Reply:
        if call.purpose is not Purpose.WRITE or call.kind is not Kind.INVOICE:
            return super().take(call)
        taken = {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": "Invoice # must be unique."}]}
        answers = []
        for member in call.members:
            is_taken = not member.xero_id and member.number in self.written
            answers.append({"InvoiceNumber": member.number, **taken} if is_taken else self._element(member))
        return Reply(ReplyKind.ANSWERED, 200, tuple(answers))


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=UniqueXero()) as one:
        yield one


def sale(invoice_id: str) -> Event:
    sold = line("10.00", "2.00", tax_rate="20")
    return event(Entity.INVOICE, invoice(sold, id=invoice_id, order_id=f"1{invoice_id}"))


def loses_an_answer(xero: MemoryXero) -> None:
    """Takes the next call of invoices, and answers with an error."""

    def lost(call: Call) -> Reply:
        xero.take(call)
        return Reply(ReplyKind.SERVER_ERROR, 500)

    xero.answers[Kind.INVOICE] = [lost]


async def parked_sale(one: Served) -> str:
    """The one sale that is parked, because of the other one."""
    [held] = await one.parked()
    assert held.owner is not None
    parked = held.owner.entity_id
    other = {"31": "32", "32": "31"}[parked]
    assert held.reason == "number_taken"
    assert held.detail == f"{NUMBER} is in Xero already: it is that of invoice {other} of webshop"
    return parked


async def test_a_sale_of_another_ones_number_and_content_is_not_taken_for_it(one: Served) -> None:
    await one.acked(*one.receive(sale("31")))

    await one.acked(*one.receive(sale("32")))

    assert await parked_sale(one) == "32"


async def test_also_when_both_are_in_one_call(one: Served) -> None:
    await one.acked(*one.receive(sale("31"), sale("32")))

    assert await parked_sale(one) == "32"


async def test_also_when_xero_took_the_call_and_its_answer_was_lost(one: Served) -> None:
    loses_an_answer(one.xero)

    await one.acked(*one.receive(sale("31"), sale("32")))

    # they are looked up at once: whichever is found first has it, for what is in Xero is the content of both
    assert await parked_sale(one) in ("31", "32")
    assert [number for number in one.xero.written if "-I-" in number] == [NUMBER]


async def test_a_sale_that_comes_again_is_still_known_as_itself(one: Served) -> None:
    loses_an_answer(one.xero)

    await one.acked(*one.receive(sale("31")))

    assert await one.parked() == []
    assert sum(call.purpose is Purpose.WRITE and call.kind is Kind.INVOICE for call in one.xero.calls) == 1
