"""A contact that a person archived: parked, or another contact in its place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import BUYER, VERSION, event, invoice, line, organisation
from tests.support.serving_fakes import MemoryXero, Served, served
from tests.support.waiting import until
from tests.unit.mapping.test_mapping_contacts_items import CUSTOMER
from worker.documents.documents import Kind
from worker.ledger.records import Call, Member
from worker.xero.replies.reply import Reply, ReplyKind

ON_A_DOCUMENT = (
    "The contact with the specified contact details has been archived. "
    "The contact must be un-archived before creating new invoices or credit notes"
)
ON_A_CONTACT = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)


@dataclass
class ArchivingXero(MemoryXero):
    """Keeps contacts by number, and takes nothing for those that are archived."""

    ids: dict[str, str] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)

    def archive(self, number: str) -> None:
        self.archived |= {number, self.ids[number]}

    def take(self, call: Call) -> Reply:
        return Reply(ReplyKind.ANSWERED, 200, tuple(self._judged(member) for member in call.members))

    def _judged(self, member: Member) -> Mapping[str, Any]:
        contact = member.element.get("Contact", {}).get("ContactID")
        if contact in self.archived:
            return _refusal({"InvoiceNumber": member.number}, ON_A_DOCUMENT)
        number = member.element.get("ContactNumber", "")
        if {number, member.xero_id} & self.archived:
            return _refusal({"ContactNumber": number, "ContactID": member.xero_id}, ON_A_CONTACT)
        element = {**self._element(member), "ContactNumber": number}
        if member.kind is Kind.CONTACT:
            self.ids[number] = element["ContactID"]
        return element


def _refusal(names: dict[str, Any], message: str) -> dict[str, Any]:
    return {**names, "StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": message}]}


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    """A session whose one customer has been archived after the first sale."""
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=ArchivingXero()) as one:
        one.session.org = organisation(linger=timedelta(0), archived_contact="new")
        await one.acked(*one.receive(sale(1)))
        xero_of(one).archive("webshop:7")
        yield one


def sale(number: int) -> Event:
    return event(Entity.INVOICE, invoice(line("10.00"), id=str(number), number=f"{number}"))


def xero_of(one: Served) -> ArchivingXero:
    assert isinstance(one.xero, ArchivingXero)
    return one.xero


async def booked(one: Served, number: int) -> Mapping[str, Any]:
    name = f"SHOP-I-webshop-{number}"
    await until(lambda: name in one.xero.written, what=name)
    return one.xero.written[name]


async def test_sales_go_on_under_a_new_contact(one: Served) -> None:
    one.receive(sale(2), sale(3))

    contacts = [(await booked(one, number))["Contact"]["ContactID"] for number in (2, 3)]

    assert contacts == [xero_of(one).ids["webshop:7~2"]] * 2
    assert await one.parked() == []


async def test_so_do_changes_of_the_customer_and_the_number_stays(one: Served) -> None:
    def customer(hours: int, email: str) -> Event:
        changed = event(Entity.CUSTOMER, CUSTOMER | {"email": email})
        return changed.model_copy(update={"version": VERSION + timedelta(hours=hours)})

    one.receive(customer(1, "one@example.com"))
    await until(lambda: "webshop:7~2" in one.xero.written, what="the new contact")
    await one.acked(*one.receive(customer(2, "two@example.com")))

    sent = one.xero.calls[-1].members[0].element
    assert (sent["ContactNumber"], sent["EmailAddress"]) == ("webshop:7~2", "two@example.com")
    assert set(xero_of(one).ids) == {"webshop:7", "webshop:7~2"}


async def test_the_next_one_may_be_archived_too(one: Served) -> None:
    one.receive(sale(2))
    await booked(one, 2)
    xero_of(one).archive("webshop:7~2")

    one.receive(sale(3))

    assert (await booked(one, 3))["Contact"]["ContactID"] == xero_of(one).ids["webshop:7~3"]


async def test_without_the_policy_the_sale_waits_for_a_person(one: Served) -> None:
    one.session.org = organisation(linger=timedelta(0))

    await one.acked(*one.receive(sale(2)))

    assert [held.reason for held in await one.parked()] == ["contact_archived"]


@pytest.mark.parametrize("own", ["a~b", "a~9"])
async def test_a_tilde_in_the_customers_id_is_no_count(one: Served, own: str) -> None:
    def sold(number: int) -> Event:
        buyer = BUYER | {"id": own, "name": "Al Poe", "email": "al@example.com"}
        return event(Entity.INVOICE, invoice(line("10.00"), id=str(number), number=f"{number}", customer=buyer))

    await one.acked(*one.receive(sold(2)))
    xero_of(one).archive(f"webshop:{own}")

    one.receive(sold(3))

    assert (await booked(one, 3))["Contact"]["ContactID"] == xero_of(one).ids[f"webshop:{own}~2"]
