"""Items in the sandbox [xero 4.2]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_documents import a_contact, invoice, made, refusals
from tests.support.sandbox_fixture import SandboxControl, XeroCaller


def _item(code: str, **more: Any) -> dict[str, Any]:
    return {"Code": code, "Name": "Mug", "SalesDetails": {"UnitPrice": "12.5", "AccountCode": "200"}, **more}


def test_4_2_put_of_a_known_code_is_refused(xero: XeroCaller) -> None:
    made(xero, "Items", _item("MUG"))

    assert refusals(xero.put("/Items", _item("MUG"))) == ["Price List Item with Code 'MUG' already exists"]


@pytest.mark.parametrize("code", ["mug", " MUG", "Mug "])
def test_4_2_codes_that_differ_in_case_or_outer_spaces_are_one(xero: XeroCaller, code: str) -> None:
    item = made(xero, "Items", _item("MUG"))

    sold = made(xero, "Invoices", invoice(a_contact(xero), "I-1", {"ItemCode": code, "Description": "Mug"}))

    assert refusals(xero.put("/Items", _item(code))) == [f"Price List Item with Code '{code}' already exists"]
    assert [row["Code"] for row in xero.get("/Items").json()["Items"]] == ["MUG"]
    assert sold["LineItems"][0]["Item"] == {"ItemID": item["ItemID"], "Name": "Mug", "Code": "MUG"}


def test_4_2_a_code_is_kept_without_spaces_around_it(xero: XeroCaller) -> None:
    assert made(xero, "Items", _item(" MUG "))["Code"] == "MUG"


def test_4_2_post_updates_by_code(xero: XeroCaller) -> None:
    first = made(xero, "Items", _item("MUG"))

    second = xero.post("/Items", _item("MUG", Name="Big mug")).json()["Items"][0]

    assert (second["ItemID"], second["Name"]) == (first["ItemID"], "Big mug")


@pytest.mark.parametrize(
    ("fields", "fragment"),
    [
        ({"Code": "x" * 31}, "maximum length of 30"),
        ({"Code": ""}, "Code"),
        ({"Name": "x" * 51}, "maximum length of 50"),
        ({"Name": "\U0001f381" * 26}, "maximum length of 50"),
        ({"Description": "x" * 4001}, "maximum length of 4000"),
        ({"SalesDetails": {"AccountCode": "9999"}}, "is not a valid code"),
        ({"SalesDetails": {"TaxType": "VAT20"}}, "does not exist"),
        ({"SalesDetails": {"AccountCode": "200", "TaxType": "INPUT2"}}, "cannot be used with account code '200'"),
        ({"PurchaseDetails": {"AccountCode": "310", "TaxType": "OUTPUT2"}}, "cannot be used with account code '310'"),
    ],
)
def test_4_2_fields_beyond_their_limits_are_refused(xero: XeroCaller, fields: dict[str, Any], fragment: str) -> None:
    messages = refusals(xero.put("/Items", {**_item("MUG"), **fields}))

    assert any(fragment in message for message in messages)


def test_5_4_a_new_account_of_an_item_has_to_go_with_the_tax_type_that_stays(xero: XeroCaller) -> None:
    made(xero, "Items", _item("MUG", SalesDetails={"AccountCode": "200", "TaxType": "OUTPUT2"}))

    moved = xero.post("/Items", {"Code": "MUG", "SalesDetails": {"AccountCode": "408"}})

    assert refusals(moved) == ["The TaxType code 'OUTPUT2' cannot be used with account code '408'."]


def test_5_4_an_item_takes_no_archived_tax_rate(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.person("archive-tax-rate", name="OUTPUT2")

    refused = xero.put("/Items", _item("MUG", SalesDetails={"AccountCode": "200", "TaxType": "OUTPUT2"}))

    assert refusals(refused) == ["Tax rate must be valid."]


def test_4_2_an_item_that_is_not_purchased_has_no_purchase_details(xero: XeroCaller) -> None:
    item = made(xero, "Items", _item("MUG", IsPurchased=False, PurchaseDetails={"UnitPrice": 1}))

    assert item["PurchaseDetails"] == {}


def test_4_2_an_item_fills_only_what_a_line_leaves_out(xero: XeroCaller) -> None:
    made(xero, "Items", _item("MUG", Description="A mug"))
    contact = a_contact(xero)

    document = made(xero, "Invoices", invoice(contact, "I-1", {"ItemCode": "MUG", "Quantity": 2}))
    priced = made(xero, "Invoices", invoice(contact, "I-2", {"ItemCode": "MUG", "UnitAmount": 9}))

    first, second = document["LineItems"][0], priced["LineItems"][0]
    assert (first["UnitAmount"], first["Description"], first["AccountCode"]) == (12.5, "A mug", "200")
    assert (second["UnitAmount"], second["Description"]) == (9, "A mug")


def test_4_2_an_unknown_code_on_a_line_is_refused(xero: XeroCaller) -> None:
    document = invoice(a_contact(xero), "I-1", {"ItemCode": "NONE", "Description": "x", "AccountCode": "200"})

    assert refusals(xero.put("/Invoices", document)) == ["Item code 'NONE' is not valid"]


def test_4_2_an_item_is_found_by_id_and_by_code_and_deleted_by_id(xero: XeroCaller) -> None:
    item = made(xero, "Items", _item("MUG"))

    assert xero.get("/Items/MUG").json()["Items"][0]["ItemID"] == item["ItemID"]
    assert xero.delete(f"/Items/{item['ItemID']}").status_code == 204
    assert xero.get("/Items/MUG").status_code == 404


def test_2_a_call_carries_at_most_500_items(xero: XeroCaller) -> None:
    reply = xero.put("/Items", {"Items": [_item(f"M{number}") for number in range(501)]})

    assert reply.status_code == 400
    assert xero.get("/Items").json()["Items"] == []


def test_5_2_unit_prices_have_two_places_unless_unitdp_says_four(xero: XeroCaller) -> None:
    price = {"SalesDetails": {"UnitPrice": "12.3456"}}

    two = made(xero, "Items", _item("TWO", **price))
    four = made(xero, "Items", _item("FOUR", **price), unitdp=4)

    assert (two["SalesDetails"]["UnitPrice"], four["SalesDetails"]["UnitPrice"]) == (12.35, 12.3456)
    assert xero.get("/Items/FOUR").json()["Items"][0]["SalesDetails"]["UnitPrice"] == 12.35
