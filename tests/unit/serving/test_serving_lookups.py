"""A look-up that Xero refuses: it is not asked again and again, and a person looks instead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, line
from tests.support.serving_fakes import ORG, MemoryXero, Served, served
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

NUMBER = "SHOP-I-webshop-100000012"
TOO_MANY = "the list would hold more than 100,000 records"


@dataclass
class SilentLists(MemoryXero):
    """Takes documents, and refuses every question for a list."""

    def take(self, call: Call) -> Reply:
        if call.purpose is Purpose.WRITE:
            return super().take(call)
        return Reply(ReplyKind.REFUSED_WHOLE, 400, detail=TOO_MANY)


@dataclass
class VastXero(MemoryXero):
    """Has more than 100,000 contacts: it lists none by number, and shows the one that is asked for alone."""

    def take(self, call: Call) -> Reply:
        if call.purpose is Purpose.WRITE:
            return super().take(call)
        found = self.written.get(unquote(call.path.removeprefix("/Contacts/")))
        if "where" in call.params:
            return Reply(ReplyKind.REFUSED_WHOLE, 400, detail=TOO_MANY)
        return Reply(ReplyKind.NOT_FOUND, 404) if found is None else Reply(ReplyKind.ANSWERED, 200, (found,))


@dataclass
class VastNotes(MemoryXero):
    """Has more than 100,000 credit notes: it lists none by id, and shows the one that is asked for alone."""

    def take(self, call: Call) -> Reply:
        if call.purpose is Purpose.WRITE or call.kind is not Kind.CREDIT_NOTE:
            return super().take(call)
        if "where" in call.params:
            return Reply(ReplyKind.REFUSED_WHOLE, 400, detail=TOO_MANY)
        xero_id = call.path.removeprefix("/CreditNotes/")
        found = tuple(one for one in self.written.values() if one.get("CreditNoteID") == xero_id)
        return Reply(ReplyKind.ANSWERED, 200, found) if found else Reply(ReplyKind.NOT_FOUND, 404)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=SilentLists()) as one:
        yield one


@pytest.fixture
async def vast(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=VastXero()) as vast:
        yield vast


def sale(net: str = "10.00", tax: str = "2.00", *, hours: int = 0) -> Event:
    made = event(Entity.INVOICE, invoice(line(net, tax, tax_rate="20")))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


def looks(one: Served) -> int:
    return sum(call.purpose is Purpose.LOOKUP for call in one.xero.calls)


async def parked_for_a_look(one: Served) -> None:
    [held] = await one.parked()
    assert (held.reason, looks(one)) == ("look_up_refused", 1)
    assert NUMBER in held.detail
    assert TOO_MANY in held.detail
    deadline = asyncio.get_running_loop().time() + 30
    while await one.ledger.calls.unsettled(ORG):  # the call ends after its event is parked
        assert asyncio.get_running_loop().time() < deadline, "the call has not ended"
        await asyncio.sleep(0.02)


async def test_a_document_that_may_be_there_and_cannot_be_looked_for_is_for_a_person(one: Served) -> None:
    one.xero.answers[Kind.INVOICE] = [lambda _: Reply(ReplyKind.SERVER_ERROR, 500)]

    await one.acked(*one.receive(sale()))

    await parked_for_a_look(one)


async def test_a_document_whose_number_is_taken_by_nobody_knows_what_is_for_a_person(one: Served) -> None:
    error = {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": "Invoice # must be unique."}]}
    one.xero.answers[Kind.INVOICE] = [
        lambda call: Reply(ReplyKind.ANSWERED, 200, ({**error, "InvoiceNumber": call.members[0].number},))
    ]

    await one.acked(*one.receive(sale()))

    await parked_for_a_look(one)


async def test_a_document_that_cannot_be_looked_at_before_its_change_is_for_a_person(one: Served) -> None:
    await one.acked(*one.receive(sale()))

    await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

    await parked_for_a_look(one)


@pytest.mark.parametrize(("saved", "writes"), [(True, 1), (False, 2)])
async def test_a_contact_is_asked_for_alone_where_xero_has_too_many_to_list(
    vast: Served, saved: bool, writes: int
) -> None:
    def fails(call: Call) -> Reply:
        if saved:
            vast.xero.take(call)
        return Reply(ReplyKind.SERVER_ERROR, 500)

    vast.xero.answers[Kind.CONTACT] = [fails]

    await vast.acked(
        *vast.receive(event(Entity.CUSTOMER, {"id": "7/a", "first_name": "Jo", "email": "j@shop.example"}))
    )

    assert await vast.parked() == []
    assert looks(vast) == 2
    assert sum(call.purpose is Purpose.WRITE for call in vast.xero.calls) == writes


def refund(number: int, net: str, tax: str, *, hours: int = 0) -> Event:
    of_no_sale = {"order_id": "1", "order_number": "1", "date": "2026-03-02"}
    memo = credit_memo(line(net, tax, tax_rate="20"), id=str(number), number=f"R-{number}", sale=of_no_sale)
    made = event(Entity.CREDIT_MEMO, memo)
    return made.model_copy(update={"id": f"e{number}-{hours}", "version": VERSION + timedelta(hours=hours)})


@pytest.mark.parametrize("edited", [[41], [41, 42]])
async def test_credit_notes_are_looked_at_one_by_one_where_xero_has_too_many_to_list(
    tmp_path: Path, edited: list[int]
) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=VastNotes()) as one:
        await one.acked(*one.receive(*(refund(number, "10.00", "2.00") for number in edited)))

        await one.acked(*one.receive(*(refund(number, "5.00", "1.00", hours=1) for number in edited)))

        assert await one.parked() == []
        assert [float(note["Total"]) for note in one.xero.written.values() if "CreditNoteID" in note] == [6.0] * len(
            edited
        )
        assert looks(one) == 1 + len(edited)


async def test_a_credit_note_that_is_not_there_when_it_is_looked_at_alone_is_for_a_person(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=VastNotes()) as one:
        await one.acked(*one.receive(refund(41, "10.00", "2.00")))
        one.xero.written.clear()

        await one.acked(*one.receive(refund(41, "5.00", "1.00", hours=1)))

        assert [held.reason for held in await one.parked()] == ["not_found"]
