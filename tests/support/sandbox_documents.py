"""Documents in Xero's JSON for tests that speak to the sandbox: complete, and as short as they can be."""

from __future__ import annotations

from typing import Any

from tests.support.sandbox_fixture import XeroCaller

Json = dict[str, Any]

DAY = "2026-02-10"


def line(**more: Any) -> Json:
    return {"Description": "a thing", "Quantity": 1, "UnitAmount": "100.00", "AccountCode": "200", **more}


def invoice(contact_id: str, number: str, *lines: Json, **more: Any) -> Json:
    head = {"Type": "ACCREC", "InvoiceNumber": number, "Contact": {"ContactID": contact_id}, "Status": "AUTHORISED"}
    dates = {"Date": DAY, "DueDate": DAY, "LineAmountTypes": "Exclusive"}
    return {**head, **dates, "LineItems": list(lines) or [line()], **more}


def credit_note(contact_id: str, number: str, *lines: Json, **more: Any) -> Json:
    head = {"Type": "ACCRECCREDIT", "CreditNoteNumber": number, "Contact": {"ContactID": contact_id}}
    rest = {"Status": "AUTHORISED", "Date": DAY, "LineAmountTypes": "Exclusive"}
    return {**head, **rest, "LineItems": list(lines) or [line()], **more}


def payment(target: Json, amount: str, **more: Any) -> Json:
    return {**target, "Account": {"Code": "090"}, "Date": DAY, "Amount": amount, **more}


def made(xero: XeroCaller, plural: str, element: Json, **query: Any) -> Json:
    """Create one document with PUT, and return it as Xero shows it."""
    reply = xero.put(f"/{plural}", {plural: [element]}, **query)
    assert reply.status_code == 200, reply.text
    created: Json = reply.json()[plural][0]
    return created


def a_contact(xero: XeroCaller, name: str = "Ada Lovelace", **more: Any) -> str:
    """The id of a new contact."""
    return str(made(xero, "Contacts", {"Name": name, **more})["ContactID"])


def refusals(reply: Any) -> list[str]:
    """The messages of a 400 that lists its documents."""
    assert reply.status_code == 400, reply.text
    body = reply.json()
    assert (body["ErrorNumber"], body["Type"]) == (10, "ValidationException")
    return [error["Message"] for element in body["Elements"] for error in element["ValidationErrors"]]
