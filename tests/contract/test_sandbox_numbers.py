"""The numbers of sales in the sandbox, which a person may change, and their references [xero 4.3, 4.5]."""

from __future__ import annotations

import pytest

from tests.support.sandbox_documents import Json, a_contact, credit_note, invoice, made, refusals
from tests.support.sandbox_fixture import XeroCaller


@pytest.fixture
def renamed(xero: XeroCaller) -> Json:
    """What was made as I-1 and is I-1-old by now; I-1 is another."""
    contact = a_contact(xero)
    first = made(xero, "Invoices", invoice(contact, "I-1"))
    xero.post("/Invoices", {"InvoiceID": first["InvoiceID"], "InvoiceNumber": "I-1-old"})
    made(xero, "Invoices", invoice(contact, "I-1"))
    return first


@pytest.mark.parametrize("status", ["AUTHORISED", "VOIDED"])
def test_4_3_an_update_by_id_with_the_number_of_another_is_refused(
    xero: XeroCaller, renamed: Json, status: str
) -> None:
    update = {"InvoiceID": renamed["InvoiceID"], "InvoiceNumber": "I-1", "Status": status}

    assert refusals(xero.post("/Invoices", update)) == ["Invoice # must be unique."]


def test_4_3_what_is_voided_by_its_id_takes_the_number_that_comes_along(xero: XeroCaller, renamed: Json) -> None:
    void = {"InvoiceID": renamed["InvoiceID"], "InvoiceNumber": "I-1-void", "Status": "VOIDED"}

    gone = xero.post("/Invoices", void).json()["Invoices"][0]

    assert (gone["InvoiceNumber"], gone["Status"]) == ("I-1-void", "VOIDED")
    assert xero.get("/Invoices/I-1-void").json()["Invoices"][0]["InvoiceID"] == renamed["InvoiceID"]


def test_4_3_only_a_sale_has_a_reference(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    bill = {**invoice(contact, "B-1"), "Type": "ACCPAY"}
    back = {**credit_note(contact, "D-1"), "Type": "ACCPAYCREDIT"}

    assert xero.put("/Invoices", bill).status_code == xero.put("/CreditNotes", back).status_code == 200
    assert "Reference" in refusals(xero.put("/Invoices", {**bill, "Reference": "order 1"}))[0]
    assert "Reference" in refusals(xero.put("/CreditNotes", {**back, "Reference": "order 1"}))[0]
