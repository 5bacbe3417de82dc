"""Customers of one name are told apart, also those of two stores who share an id, and those whose ids end alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, line
from tests.support.serving_fakes import Served, served
from tests.unit.serving.test_serving_names import FoldingXero
from worker.documents.documents import Kind
from worker.ledger.records import Call, Member, Purpose

SOLD = line("10.00", "2.00", tax_rate="20")


@dataclass
class NamingXero(FoldingXero):
    """Takes each contact's name once, and sales whatever they are called."""

    def _is_taken(self, member: Member) -> bool:
        others = (one for number, one in self.written.items() if number != member.number and "Name" in one)
        name = member.element.get("Name", "").lower()
        return member.kind is Kind.CONTACT and name in {one["Name"].lower() for one in others}

    def _answers(self, call: Call) -> Iterator[Mapping[str, Any]]:
        if call.kind is Kind.CONTACT:
            yield from super()._answers(call)
        else:
            yield from map(self._element, call.members)

    def has(self, name: str) -> None:
        """A person made a contact of that name years ago."""
        self.written[name] = {"ContactID": f"id of {name}", "ContactNumber": name, "Name": name}


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=NamingXero()) as one:
        yield one


def xero_of(one: Served) -> NamingXero:
    assert isinstance(one.xero, NamingXero)
    return one.xero


def customer(customer_id: str, *, hours: int = 0, source: str = "webshop", **more: Any) -> Event:
    data = {"id": customer_id, "first_name": "Jo", "last_name": "Doe", **more}
    return event(Entity.CUSTOMER, data, source=source).model_copy(update={"version": VERSION + timedelta(hours=hours)})


def name_of(one: Served, number: str) -> str:
    return str(one.xero.written[number]["Name"])


async def test_two_stores_customers_of_one_id_and_name_have_their_sales_booked(one: Served) -> None:
    xero_of(one).has("Jo Doe")

    for number, source in enumerate(("b2c", "b2b")):
        await one.acked(*one.receive(event(Entity.INVOICE, invoice(SOLD, number=f"10{number}"), source=source)))

    assert await one.parked() == []
    assert {"SHOP-I-b2c-100", "SHOP-I-b2b-101"} <= set(one.xero.written)
    assert (name_of(one, "b2c:7"), name_of(one, "b2b:7")) == ("Jo Doe (7)", "Jo Doe (b2b:7)")


async def test_ids_that_end_alike_are_told_apart(one: Served) -> None:
    ids = [f"6ba7b81{number}-9dad-11d1-80b4-00c04fd430c8" for number in range(3)]

    for customer_id in ids:
        await one.acked(*one.receive(customer(customer_id)))

    assert await one.parked() == []
    assert [name_of(one, f"webshop:{customer_id}") for customer_id in ids] == [
        "Jo Doe",
        "Jo Doe (00c04fd430c8)",
        f"Jo Doe (webshop:{ids[2]})",
    ]


async def test_a_name_that_needed_the_longer_suffix_keeps_it(one: Served) -> None:
    xero_of(one).has("Jo Doe")
    xero_of(one).has("Jo Doe (7)")
    await one.acked(*one.receive(customer("7")))

    await one.acked(*one.receive(customer("7", hours=1, phone="01904 1")))

    assert one.xero.written["webshop:7"]["Phones"]
    assert name_of(one, "webshop:7") == "Jo Doe (webshop:7)"
    assert await one.parked() == []


async def test_a_customer_whose_every_name_is_taken_is_parked_for_that(one: Served) -> None:
    for name in ("Jo Doe", "Jo Doe (7)", "Jo Doe (webshop:7)"):
        xero_of(one).has(name)

    await one.acked(*one.receive(customer("7")))

    assert [held.reason for held in await one.parked()] == ["contact_name_taken"]


class NumberingXero(NamingXero):
    """Tells contact numbers apart by more than the case of their letters, and lists those that are asked for by it."""

    def _is_taken(self, member: Member) -> bool:
        return any(number != member.number and number.lower() == member.number.lower() for number in self.written)

    def _answers(self, call: Call) -> Iterator[Mapping[str, Any]]:
        for element in super()._answers(call):
            if call.purpose is Purpose.WRITE or f'=="{element["ContactNumber"]}"' in call.params["where"]:
                yield element

    def _refusal(self, member: Member) -> dict[str, Any]:
        said = f"The contact number {member.number} is already assigned to another contact."
        return super()._refusal(member) | {"ValidationErrors": [{"Message": said}]}


async def test_a_customer_whose_number_another_contact_has_is_parked_for_that(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=NumberingXero()) as one:
        await one.acked(*one.receive(customer("ab")))
        before = len(one.xero.calls)

        await one.acked(*one.receive(customer("AB", last_name="Roe")))

        [held] = await one.parked()
        assert held.reason == "number_taken"
        asked = [call.purpose for call in one.xero.calls[before:] if call.kind is Kind.CONTACT]
        assert asked == [Purpose.WRITE, Purpose.LOOKUP]
        assert "another contact in xero has this number" in held.hint
