"""Contacts that a person merged into another in Xero: what is of the one is booked to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import BUYER, credit_memo, event, invoice, line
from tests.support.sandbox_fixture import SandboxControl
from tests.support.sandbox_session import later, served_by
from tests.support.serving_fakes import Served
from tests.unit.mapping.test_mapping_contacts_items import CUSTOMER
from worker.ledger.records import HoldState

PARENT = {"Name": "Parent Ltd", "EmailAddress": "books@parent.example"}


@pytest.fixture(params=["park", "new"])
async def one(request: pytest.FixtureRequest, sandbox: SandboxControl, tmp_path: Path) -> AsyncIterator[Served]:
    """A session whose one customer has been merged into a person's contact after the first sale."""
    async with served_by(sandbox, tmp_path, archived_contact=request.param) as one:
        await one.acked(*one.receive(sale(31)))
        sandbox.person("create-contact", document=PARENT)
        sandbox.person("merge-contact", name="webshop:7", to=id_of(sandbox, "Parent Ltd"))
        yield one


def sale(number: int, **buyer: Any) -> Event:
    names = {"id": str(number), "number": f"{number}", "order_id": str(number), "order_number": f"o{number}"}
    return event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), customer=BUYER | buyer, **names))


def id_of(sandbox: SandboxControl, name: str) -> str:
    [contact] = [one for one in sandbox.documents("contacts") if one["Name"] == name]
    return str(contact["ContactID"])


def names(sandbox: SandboxControl, kind: str = "invoices") -> dict[str, str]:
    contacts = {one["ContactID"]: one["Name"] for one in sandbox.documents("contacts")}
    number = "InvoiceNumber" if kind == "invoices" else "CreditNoteNumber"
    return {one[number].rpartition("-")[2]: contacts[one["Contact"]["ContactID"]] for one in sandbox.documents(kind)}


async def test_sales_are_booked_to_the_contact_it_was_merged_into(one: Served, sandbox: SandboxControl) -> None:
    await one.acked(*one.receive(sale(32), sale(33), sale(34, id="8", name="Al Poe", email="al@example.com")))

    assert names(sandbox) == {"31": "Parent Ltd", "32": "Parent Ltd", "33": "Parent Ltd", "34": "Al Poe"}
    assert await one.parked() == []


async def test_it_is_followed_though_no_other_call_may_be_under_way_beside_the_one_refused(
    one: Served, sandbox: SandboxControl
) -> None:
    one.session.limits = replace(one.session.limits, concurrent=1)

    await one.acked(*one.receive(sale(32)))

    assert names(sandbox) == {"31": "Parent Ltd", "32": "Parent Ltd"}
    assert await one.parked() == []


async def test_it_is_met_once_and_later_sales_cost_what_they_did(one: Served, sandbox: SandboxControl) -> None:
    before = sandbox.counts()["calls_total"]
    await one.acked(*one.receive(sale(32)))
    first = sandbox.counts()["calls_total"] - before

    await one.acked(*one.receive(sale(33)))

    assert (first, sandbox.counts()["calls_total"] - before - first) == (3, 1)


async def test_a_call_that_was_on_its_way_meanwhile_follows_it_too(one: Served, sandbox: SandboxControl) -> None:
    sandbox.fault("slow", seconds=1, endpoint="/Invoices", method="PUT")

    await one.acked(*one.receive(*(sale(number) for number in range(40, 140))))

    assert list(names(sandbox).values()) == ["Parent Ltd"] * 101
    assert await one.parked() == []
    asked = [call for call in sandbox.audit()["calls"] if (call["method"], call["endpoint"]) == ("GET", "Contacts")]
    assert sum(call["count"] for call in asked) == 1


async def test_a_call_that_was_on_its_way_as_another_contact_took_the_place_of_an_archived_one_follows_too(
    one: Served, sandbox: SandboxControl
) -> None:
    sandbox.person("archive-contact", name=id_of(sandbox, "Parent Ltd"))
    sandbox.fault("slow", seconds=1, endpoint="/Invoices", method="PUT")
    sandbox.fault("slow", seconds=2, endpoint="/Contacts", method="PUT")  # by then the ledger has neither of the two

    await one.acked(*one.receive(*(sale(number) for number in range(40, 140))))

    if one.session.org.archived_contact == "park":
        assert [held.reason for held in await one.parked()] == ["contact_archived"] * 100
    else:
        await one.waits(HoldState.TIME, 0)
        assert list(names(sandbox).values()) == ["Parent Ltd"] + ["Jo Doe"] * 100


async def test_credit_is_set_against_a_sale_of_before(one: Served, sandbox: SandboxControl) -> None:
    memo = credit_memo(line("10.00", "2.00", tax_rate="20"))

    await one.acked(*one.receive(event(Entity.CREDIT_MEMO, memo)))

    assert names(sandbox, "credit_notes") == {"300000001": "Parent Ltd"}
    assert [found["AmountDue"] for found in sandbox.documents("invoices")] == [0]


async def test_the_other_contact_is_left_to_people(one: Served, sandbox: SandboxControl) -> None:
    changed = event(Entity.CUSTOMER, CUSTOMER | {"email": "new@example.com"})

    await one.acked(*one.receive(later(changed, 1)))
    await one.acked(*one.receive(later(changed, 2)))

    [parent] = [found for found in sandbox.documents("contacts") if found["Name"] == "Parent Ltd"]
    assert parent["EmailAddress"] == "books@parent.example"
    assert await one.parked() == []


async def test_contacts_merged_one_after_the_other_are_followed(one: Served, sandbox: SandboxControl) -> None:
    sandbox.person("create-contact", document={"Name": "Group Ltd"})
    sandbox.person("merge-contact", name=id_of(sandbox, "Parent Ltd"), to=id_of(sandbox, "Group Ltd"))

    await one.acked(*one.receive(sale(32)))

    assert names(sandbox) == {"31": "Group Ltd", "32": "Group Ltd"}


async def test_one_that_was_archived_behind_it_is_as_any_other(one: Served, sandbox: SandboxControl) -> None:
    sandbox.person("archive-contact", name=id_of(sandbox, "Parent Ltd"))

    await one.acked(*one.receive(sale(32)))

    if one.session.org.archived_contact == "park":
        assert [held.reason for held in await one.parked()] == ["contact_archived"]
    else:
        await one.acked(*one.receive(sale(33)))
        assert names(sandbox)["33"] == "Jo Doe"
