"""Lines that equal one before are judged like any other [xero 4.3]."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.sandbox_documents import a_contact, invoice, line, made, refusals
from tests.support.sandbox_fixture import SandboxControl, XeroCaller


@dataclass(frozen=True, slots=True)
class Change:
    """What a person does between two equal lines, how it is undone, and what Xero says of the later one."""

    deed: str
    undone: str
    name: str
    message: str
    given: dict[str, Any] = field(default_factory=dict)
    restored: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            Change(
                "archive-account",
                "restore-account",
                "200",
                "Account code '200' is not a valid code for this document.",
            ),
            id="4.3 the account is archived",
        ),
        pytest.param(
            Change("archive-tax-rate", "restore-tax-rate", "OUTPUT2", "Tax rate must be valid."),
            id="5.4 the tax rate is archived",
        ),
        pytest.param(
            Change(
                "change-account",
                "change-account",
                "200",
                "The TaxType field is mandatory",
                given={"document": {"TaxType": None}},
                restored={"document": {"TaxType": "OUTPUT2"}},
            ),
            id="4.3 the account loses its tax type",
        ),
    ],
)
def test_what_a_person_changes_between_equal_lines_refuses_the_later_one(
    change: Change, xero: XeroCaller, sandbox: SandboxControl
) -> None:
    contact = a_contact(xero)
    made(xero, "Invoices", invoice(contact, "I-1"))

    sandbox.person(change.deed, name=change.name, **change.given)
    messages = refusals(xero.put("/Invoices", invoice(contact, "I-2")))
    sandbox.person(change.undone, name=change.name, **change.restored)

    assert messages == [change.message]
    assert made(xero, "Invoices", invoice(contact, "I-2"))["Total"] == 120


def test_4_2_an_item_changed_between_equal_lines_changes_the_later_one(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    made(xero, "Items", {"Code": "MUG", "SalesDetails": {"UnitPrice": 3, "AccountCode": "200"}})
    sold = {"Description": "a mug", "Quantity": 1, "ItemCode": "MUG"}
    first = made(xero, "Invoices", invoice(contact, "I-1", sold))

    xero.post("/Items", {"Code": "MUG", "SalesDetails": {"UnitPrice": 4}})
    second = made(xero, "Invoices", invoice(contact, "I-2", sold))

    assert (first["SubTotal"], second["SubTotal"]) == (3, 4)


def test_4_equal_lines_have_ids_of_their_own(xero: XeroCaller) -> None:
    lines = made(xero, "Invoices", invoice(a_contact(xero), "I-1", line(), line()))["LineItems"]

    assert lines[0]["LineItemID"] != lines[1]["LineItemID"]


@pytest.mark.parametrize(
    ("right", "wrong"), [({"Quantity": 1}, {"Quantity": True}), ({"Quantity": 0}, {"Quantity": False})]
)
def test_6_a_value_of_the_wrong_type_is_refused_though_python_calls_it_equal(
    xero: XeroCaller, right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    contact = a_contact(xero)
    made(xero, "Invoices", invoice(contact, "I-1", line(**right)))

    reply = xero.put("/Invoices", invoice(contact, "I-2", line(**wrong)))

    assert (reply.status_code, reply.json()["Message"]) == (400, "Quantity must be a number")


@pytest.mark.parametrize("places", [2, 4])
def test_5_2_equal_lines_are_rounded_as_each_call_asks(xero: XeroCaller, places: int) -> None:
    contact = a_contact(xero)
    other = {2: 4, 4: 2}[places]
    made(xero, "Invoices", invoice(contact, "I-1", line(UnitAmount="1.3333")), unitdp=other)

    document = made(xero, "Invoices", invoice(contact, "I-2", line(UnitAmount="1.3333")), unitdp=places)

    assert document["LineItems"][0]["UnitAmount"] == {2: 1.33, 4: 1.3333}[places]


def test_6_numbers_of_equal_value_are_told_apart_by_their_digits_where_a_text_is_asked_for(xero: XeroCaller) -> None:
    contact = a_contact(xero)

    replies = [_put_as_spelt(xero, contact, f"I-{digits}", "Description", digits) for digits in ("1.0", "1.00")]

    shown = [reply.json()["Invoices"][0]["LineItems"][0]["Description"] for reply in replies]
    assert shown == ["1.0", "1.00"]


def test_6_half_of_a_surrogate_pair_in_a_field_that_xero_ignores_is_ignored(xero: XeroCaller) -> None:
    reply = _put_as_spelt(xero, a_contact(xero), "I-1", "Remark", '"\\ud800"')

    assert reply.status_code == 200


def _put_as_spelt(xero: XeroCaller, contact: str, number: str, name: str, spelt: str) -> Any:
    """A new invoice of one line, a field of which is JSON already."""
    body = json.dumps(invoice(contact, number, line(**{name: "@"}))).replace('"@"', spelt)
    return xero.http.put("/Invoices", content=body, headers={"Content-Type": "application/json"})
