"""Replies of the sandbox against Xero's OpenAPI file."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft4Validator

from tests.support.sandbox_documents import DAY, a_contact, credit_note, invoice, line, made, payment
from tests.support.sandbox_fixture import XeroCaller
from tests.support.xero_openapi import MISSING, OPENAPI, load_openapi

pytestmark = pytest.mark.skipif(not OPENAPI.exists(), reason=MISSING)

Json = dict[str, Any]


@pytest.fixture(scope="module")
def openapi() -> Json:
    loaded = load_openapi()
    for schema in loaded["components"]["schemas"].values():
        _open_required(schema)
    return loaded


def _open_required(schema: Json) -> None:
    """Xero marks as required what a request must hold; its own sample replies leave some of it out."""
    schema.pop("required", None)


def _check(openapi: Json, path: str, method: str, body: Json) -> None:
    reply = openapi["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = {**reply, "components": openapi["components"]}
    errors = [f"{list(error.absolute_path)}: {error.message}" for error in Draft4Validator(schema).iter_errors(body)]
    assert not errors


def _unknown(openapi: Json, name: str, element: Json) -> set[str]:
    """Fields of an element that Xero's schema does not have. Xero adds `DateString` beside each date."""
    known = set(openapi["components"]["schemas"][name]["properties"])
    return {key for key in element if key not in known and not key.endswith("String")}


@pytest.fixture
def filled(xero: XeroCaller) -> XeroCaller:
    """One document of each kind."""
    contact = a_contact(xero, "Ada", ContactNumber="shop:1", EmailAddress="ada@example.com")
    made(xero, "Items", {"Code": "MUG", "Name": "Mug", "SalesDetails": {"UnitPrice": 3, "AccountCode": "200"}})
    tracked = line(ItemCode="MUG", Tracking=[{"Name": "Region", "Option": "North"}], DiscountRate=10)
    bill = made(xero, "Invoices", invoice(contact, "I-1", tracked))
    note = made(xero, "CreditNotes", credit_note(contact, "C-1"))
    made(xero, "Payments", payment({"Invoice": {"InvoiceID": bill["InvoiceID"]}}, "10", Reference="P-1"))
    made(xero, "Payments", payment({"CreditNote": {"CreditNoteID": note["CreditNoteID"]}}, "10"))
    part = {"Amount": 5, "Date": DAY, "Invoice": {"InvoiceID": bill["InvoiceID"]}}
    xero.put(f"/CreditNotes/{note['CreditNoteID']}/Allocations", {"Allocations": [part]})
    return xero


@pytest.mark.parametrize(
    "path",
    [
        "/Contacts",
        "/Items",
        "/Invoices",
        "/CreditNotes",
        "/Payments",
        "/Accounts",
        "/TaxRates",
        "/Currencies",
        "/Organisation",
        "/Organisation/Actions",
        "/TrackingCategories",
        "/BrandingThemes",
    ],
)
def test_lists_are_as_the_openapi_file_says(filled: XeroCaller, openapi: Json, path: str) -> None:
    body = filled.get(path, page=1).json()

    _check(openapi, path, "get", body)


@pytest.mark.parametrize(
    ("plural", "schema"),
    [
        ("Contacts", "Contact"),
        ("Items", "Item"),
        ("Invoices", "Invoice"),
        ("CreditNotes", "CreditNote"),
        ("Payments", "Payment"),
        ("Accounts", "Account"),
        ("TaxRates", "TaxRate"),
    ],
)
def test_elements_hold_no_field_that_xero_does_not_have(
    filled: XeroCaller, openapi: Json, plural: str, schema: str
) -> None:
    elements = filled.get(f"/{plural}", page=1).json()[plural]

    assert elements
    assert not {field for element in elements for field in _unknown(openapi, schema, element)}
    lines = [one for element in elements for one in element.get("LineItems", [])]
    assert not {field for one in lines for field in _unknown(openapi, "LineItem", one)}


def test_refusals_are_as_the_openapi_file_says(xero: XeroCaller, openapi: Json) -> None:
    reply = xero.put("/Contacts", {"Name": "<"})

    schema = {**openapi["components"]["schemas"]["Error"], "components": openapi["components"]}
    assert not list(Draft4Validator(schema).iter_errors(reply.json()))
    _check(openapi, "/Contacts", "put", xero.put("/Contacts", {"Name": "<"}, summarizeErrors="false").json())


@pytest.mark.parametrize(
    "path", ["/Contacts", "/Items", "/Invoices", "/CreditNotes", "/Payments", "/CreditNotes/{CreditNoteID}/Allocations"]
)
def test_the_openapi_file_has_the_parameters_the_sandbox_reads(openapi: Json, path: str) -> None:
    names = {
        parameter.get("name") or parameter["$ref"].rsplit("/", 1)[-1]
        for parameter in openapi["paths"][path]["put"]["parameters"]
    }

    assert {"summarizeErrors", "idempotencyKey"} <= names
