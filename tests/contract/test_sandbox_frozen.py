"""What the sandbox keeps of a document that is paid, what only an approved one takes, and rates [xero 4.3, 5.3]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_documents import Json, a_contact, credit_note, invoice, line, made, payment, refusals
from tests.support.sandbox_fixture import XeroCaller

FROZEN = ["This document cannot be edited as it has a payment or credit note allocated to it."]


def _post(xero: XeroCaller, document: Json, **edit: Any) -> Any:
    return xero.post(f"/Invoices/{document['InvoiceID']}", edit)


def _in_euro_paid_in_part(xero: XeroCaller) -> Json:
    discounted = line(DiscountRate="10.001")
    element = invoice(a_contact(xero), "I-1", discounted, CurrencyCode="EUR", CurrencyRate="1.2")
    document = made(xero, "Invoices", element)
    made(xero, "Payments", payment({"Invoice": {"InvoiceID": document["InvoiceID"]}}, "20"))
    return document


@pytest.mark.parametrize("edit", [{"CurrencyRate": "1.5"}, {"ExpectedPaymentDate": "2026-03-01"}], ids="".join)
def test_4_3_a_part_paid_invoice_keeps_its_rate_and_the_day_it_is_expected_to_be_paid(
    xero: XeroCaller, edit: Json
) -> None:
    document = _in_euro_paid_in_part(xero)

    refused = refusals(_post(xero, document, **edit))

    shown = xero.get(f"/Invoices/{document['InvoiceID']}").json()["Invoices"][0]
    assert refused == FROZEN
    assert (shown["CurrencyRate"], "ExpectedPaymentDate" in shown) == (1.2, False)


def test_4_3_a_part_paid_invoice_keeps_a_discount_that_changes_no_amount(xero: XeroCaller) -> None:
    document = _in_euro_paid_in_part(xero)
    kept = {"LineItemID": document["LineItems"][0]["LineItemID"]}

    assert refusals(_post(xero, document, LineItems=[{**kept, "DiscountRate": "10.002"}])) == FROZEN


def test_4_3_a_part_paid_invoice_takes_the_rate_it_has_with_other_words(xero: XeroCaller) -> None:
    document = _in_euro_paid_in_part(xero)

    reply = _post(xero, document, CurrencyCode="EUR", CurrencyRate="1.20", Reference="order 7", DueDate="2026-03-01")

    assert reply.status_code == 200, reply.text
    assert reply.json()["Invoices"][0]["Reference"] == "order 7"


def test_4_3_an_unpaid_invoice_takes_another_rate(xero: XeroCaller) -> None:
    element = invoice(a_contact(xero), "I-1", CurrencyCode="EUR", CurrencyRate="1.2")
    document = made(xero, "Invoices", element)

    assert _post(xero, document, CurrencyRate="1.5").json()["Invoices"][0]["CurrencyRate"] == 1.5


@pytest.mark.parametrize(("plural", "element_of"), [("Invoices", invoice), ("CreditNotes", credit_note)])
def test_4_3_what_is_of_nothing_is_paid_at_once_and_keeps_its_money_but_not_its_words(
    xero: XeroCaller, plural: str, element_of: Any
) -> None:
    document = made(xero, plural, element_of(a_contact(xero), "F-1", line(UnitAmount="0")))
    path = f"/{plural}/{document[plural.removesuffix('s') + 'ID']}"

    dearer = refusals(xero.post(path, {"LineItems": [line(UnitAmount="10")]}))
    later = refusals(xero.post(path, {"Date": "2026-03-02"}))
    renamed = xero.post(path, {"Reference": "order 7"})

    assert (document["Status"], document["Total"]) == ("PAID", 0)
    assert [dearer, later] == [["Invoice not of valid status for modification"]] * 2
    assert renamed.json()[plural][0]["Reference"] == "order 7"


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
@pytest.mark.parametrize(("plural", "element_of"), [("Invoices", invoice), ("CreditNotes", credit_note)])
def test_4_3_what_is_not_approved_is_not_marked_as_sent_and_a_warning_says_so(
    xero: XeroCaller, plural: str, element_of: Any, status: str
) -> None:
    element = element_of(a_contact(xero), "D-1", Status=status, SentToContact=True)

    shown = made(xero, plural, element, summarizeErrors="false")

    assert (shown["StatusAttributeString"], shown["SentToContact"]) == ("WARNING", False)
    assert shown["Warnings"] == [{"Message": "Only AUTHORISED and PAID documents may have SentToContact updated."}]


def test_4_3_what_is_approved_or_paid_is_marked_as_sent(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", SentToContact=True))
    made(xero, "Payments", payment({"Invoice": {"InvoiceID": document["InvoiceID"]}}, "120"))

    unmarked = _post(xero, document, SentToContact=False).json()["Invoices"][0]

    assert document["SentToContact"] is True
    assert (unmarked["Status"], unmarked["SentToContact"], unmarked.get("Warnings")) == ("PAID", False, None)


@pytest.mark.parametrize(("rate", "status"), [("100000", "WARNING"), ("0.05", "WARNING"), ("1.2", "OK")])
def test_4_3_an_implausible_rate_is_taken_with_a_warning(xero: XeroCaller, rate: str, status: str) -> None:
    element = invoice(a_contact(xero), "I-1", CurrencyCode="EUR", CurrencyRate=rate)

    shown = made(xero, "Invoices", element, summarizeErrors="false")

    assert (shown["StatusAttributeString"], str(shown["CurrencyRate"])) == (status, rate)


def test_5_3_in_the_organisations_own_currency_the_rate_is_1_whatever_is_sent(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", CurrencyRate="0.86"))

    changed = _post(xero, document, CurrencyRate="0.87").json()["Invoices"][0]
    paid = made(
        xero, "Payments", payment({"Invoice": {"InvoiceID": document["InvoiceID"]}}, "120", CurrencyRate="0.86")
    )

    assert (document["CurrencyRate"], changed["CurrencyRate"], paid["CurrencyRate"]) == (1, 1, 1)
    assert paid["BankAmount"] == 120
