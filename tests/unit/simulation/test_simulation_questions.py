"""The simulated Xero finds what it is asked for, and ends the run at a question that it does not know."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.benchmarks.simulation.questions import UnknownQuestion
from tests.benchmarks.simulation.scenarios import organisation
from tests.benchmarks.simulation.virtual import run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from tests.support.xero_fakes import call_of, member_of, sale_element
from worker.documents.documents import Kind
from worker.ledger.records import Call
from worker.xero.replies.reply import Reply

pytestmark = pytest.mark.usefixtures("quiet_logs")

PAGE = {"page": "1", "pageSize": "1000"}


def question(path: str, **params: str) -> Call:
    return replace(call_of(path=path, params=params), method="GET", body=None)


def told(asked: Call) -> list[str]:
    """The numbers that Xero answers with, which has two contacts and an invoice."""

    async def answered() -> Reply:
        xero = VirtualXero()
        for name in ("Ann", "Ben"):
            person = member_of(Kind.CONTACT, name, {"ContactNumber": f"shop:{name}", "Name": name}, number=name)
            await xero.send(call_of(person, path="/Contacts", idempotency_key=name))
        await xero.send(call_of(member_of(Kind.INVOICE, "1", sale_element("I-1"), number="I-1")))
        return await xero.send(asked)

    elements = run_virtually(answered()).elements
    return [str(one.get("ContactNumber") or one.get("InvoiceNumber")) for one in elements]


def test_it_finds_by_numbers_ids_and_names_what_is_there_and_nothing_else() -> None:
    both = 'ContactNumber=="shop:Ann" OR Name=="Ben"'

    assert told(question("/Contacts", where=both, **PAGE)) == ["shop:Ann", "shop:Ben"]
    assert told(question("/Contacts", where='ContactNumber=="Ann"', **PAGE)) == []
    assert told(question("/Invoices", InvoiceNumbers="I-1,I-2", **PAGE)) == ["I-1"]
    assert told(question("/Invoices", IDs="id-3,id-9", **PAGE)) == ["I-1"]
    assert told(question("/Invoices/id-3")) == ["I-1"]
    assert told(question("/Accounts")) == []


@pytest.mark.parametrize(
    "asked",
    [
        question("/Journals"),
        question("/Accounts", where='Class=="REVENUE"'),
        question("/Invoices", **PAGE),
        question("/Invoices", Statuses="DRAFT,SUBMITTED", **PAGE),
        question("/Invoices", where='InvoiceNumber=="I-1" AND Status=="DRAFT"', **PAGE),
        question("/Invoices", where='InvoiceNumber.StartsWith("I")', **PAGE),
        question("/Invoices", where='Contact.Name=="Ann"', **PAGE),
        question("/Invoices", IDs="id-3", page="2", pageSize="1000"),
        question("/Invoices/id-9"),
        question("/Invoices/id-1"),
    ],
    ids=lambda call: f"{call.path} {' '.join(call.params)}",
)
def test_a_question_that_it_does_not_know_is_told_and_not_answered(asked: Call) -> None:
    with pytest.raises(UnknownQuestion, match="GET /"):
        told(asked)


def test_it_ends_a_run_that_the_worker_would_carry_on_with() -> None:
    class OddlyAsked(VirtualXero):
        async def send(self, call: Call) -> Reply:
            return await super().send(replace(call, params={"order": "Code"}))

    async def day() -> None:
        Process("worker-0", World([organisation()], {"main": OddlyAsked()})).start()
        await asyncio.sleep(600)

    with pytest.raises(UnknownQuestion, match="/Accounts"):
        run_virtually(day())
