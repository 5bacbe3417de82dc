"""Invoices in the sandbox [xero 4.3, 5.3, 5.4]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_documents import a_contact, credit_note, invoice, line, made, payment, refusals
from tests.support.sandbox_fixture import SandboxControl, XeroCaller


def _post(xero: XeroCaller, invoice_id: str, **edit: Any) -> Any:
    return xero.post(f"/Invoices/{invoice_id}", edit)


def test_4_3_put_of_a_taken_number_is_refused(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    made(xero, "Invoices", invoice(contact, "I-1"))

    assert refusals(xero.put("/Invoices", invoice(contact, "I-1"))) == ["Invoice # must be unique."]


def test_4_3_post_of_a_taken_number_edits_that_invoice(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    first = made(xero, "Invoices", invoice(contact, "I-1"))

    edited = xero.post("/Invoices", invoice(contact, "I-1", line(UnitAmount=7))).json()["Invoices"][0]

    assert (edited["InvoiceID"], edited["SubTotal"]) == (first["InvoiceID"], 7)


def test_4_3_a_voided_number_stays_taken(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    first = made(xero, "Invoices", invoice(contact, "I-1"))
    assert _post(xero, first["InvoiceID"], Status="VOIDED").json()["Invoices"][0]["AmountDue"] == 0

    assert refusals(xero.put("/Invoices", invoice(contact, "I-1"))) == ["Invoice # must be unique."]
    assert refusals(xero.post("/Invoices", invoice(contact, "I-1"))) == ["Invoice not of valid status for modification"]


def test_4_3_an_invoice_without_number_gets_one(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    unnumbered = {key: value for key, value in invoice(contact, "").items() if key != "InvoiceNumber"}

    numbers = [made(xero, "Invoices", unnumbered)["InvoiceNumber"] for _ in range(2)]

    assert numbers == ["INV-0001", "INV-0002"]


@pytest.mark.parametrize("start", ["DRAFT", "SUBMITTED"])
@pytest.mark.parametrize("to", ["DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"])
def test_4_3_what_is_not_approved_may_become_anything_but_void(xero: XeroCaller, start: str, to: str) -> None:
    first = made(xero, "Invoices", invoice(a_contact(xero), "I-1", Status=start))

    assert _post(xero, first["InvoiceID"], Status=to).json()["Invoices"][0]["Status"] == to


@pytest.mark.parametrize(
    ("start", "to"),
    [("DRAFT", "VOIDED"), ("SUBMITTED", "VOIDED"), ("AUTHORISED", "DRAFT"), ("AUTHORISED", "DELETED")],
)
def test_4_3_other_changes_of_status_are_refused(xero: XeroCaller, start: str, to: str) -> None:
    first = made(xero, "Invoices", invoice(a_contact(xero), "I-1", Status=start))

    refused = refusals(_post(xero, first["InvoiceID"], Status=to))

    assert refused == ["Invoice not of valid status for modification"]


@pytest.mark.parametrize("status", ["PAID", "VOIDED", "DELETED"])
def test_4_3_an_invoice_does_not_begin_at_its_end(xero: XeroCaller, status: str) -> None:
    assert refusals(xero.put("/Invoices", invoice(a_contact(xero), "I-1", Status=status)))


def test_4_3_a_refused_status_is_echoed_though_nothing_changed(xero: XeroCaller) -> None:
    first = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))

    reply = xero.post("/Invoices", {"InvoiceID": first["InvoiceID"], "Status": "DELETED"}, summarizeErrors="false")

    element = reply.json()["Invoices"][0]
    assert reply.status_code == 200
    assert (element["Status"], element["HasErrors"], element["StatusAttributeString"]) == ("DELETED", True, "ERROR")
    assert xero.get("/Invoices/I-1").json()["Invoices"][0]["Status"] == "AUTHORISED"


def test_4_3_a_part_paid_invoice_keeps_its_money_but_not_its_words(xero: XeroCaller) -> None:
    first = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))
    made(xero, "Payments", payment({"Invoice": {"InvoiceID": first["InvoiceID"]}}, "20"))
    kept = {"LineItemID": first["LineItems"][0]["LineItemID"]}

    words = _post(xero, first["InvoiceID"], Reference="new", LineItems=[{**kept, "Description": "other"}])
    money = _post(xero, first["InvoiceID"], LineItems=[{**kept, "UnitAmount": 90}])
    void = _post(xero, first["InvoiceID"], Status="VOIDED")

    assert words.json()["Invoices"][0]["LineItems"][0]["Description"] == "other"
    frozen = "This document cannot be edited as it has a payment or credit note allocated to it."
    assert refusals(money) == refusals(void) == [frozen]


def test_4_3_a_paid_invoice_cannot_be_approved_again(xero: XeroCaller) -> None:
    first = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))
    made(xero, "Payments", payment({"Invoice": {"InvoiceID": first["InvoiceID"]}}, "120"))

    refused = refusals(_post(xero, first["InvoiceID"], Status="AUTHORISED"))

    assert refused == [
        (
            "The status AUTHORISED cannot be applied to the invoice because "
            "it has payments or credit notes allocated to it."
        )
    ]


def test_4_lines_without_their_id_are_new_and_unsent_ones_are_deleted(xero: XeroCaller) -> None:
    first = made(xero, "Invoices", invoice(a_contact(xero), "I-1", line(), line(Description="second")))
    kept = first["LineItems"][1]["LineItemID"]

    lines = [{"LineItemID": kept}, line(Description="third")]
    after = _post(xero, first["InvoiceID"], LineItems=lines).json()["Invoices"][0]["LineItems"]

    assert [one["Description"] for one in after] == ["second", "third"]
    assert after[0]["LineItemID"] == kept


def test_4_what_is_not_sent_keeps_its_value(xero: XeroCaller) -> None:
    first = made(xero, "Invoices", invoice(a_contact(xero), "I-1", Reference="order 7"))

    after = _post(xero, first["InvoiceID"], DueDate="2026-03-01").json()["Invoices"][0]

    assert (after["Reference"], after["Total"]) == ("order 7", 120)
    assert after["DueDateString"] == "2026-03-01T00:00:00"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        ({"Contact": {}}, "The Contact must contain at least 1 of the following elements"),
        ({"CurrencyCode": "JPY"}, "Organisation is not subscribed to currency JPY"),
        ({"DueDate": None}, "DueDate"),
        ({"Type": "SALE"}, "The Type must be"),
        ({"InvoiceNumber": "I" * 256}, "maximum length of 255"),
        ({"InvoiceNumber": "Rechnung ä"}, "printable ASCII"),
        ({"Reference": "x" * 256}, "maximum length of 255"),
        ({"LineItems": []}, "line items"),
        ({"LineAmountTypes": "Gross"}, "LineAmountTypes"),
        ({"Url": "https://xero.example.com"}, "must not contain"),
        ({"BrandingThemeID": "00000000-0000-0000-0000-000000000001"}, "BrandingThemeID"),
        ({"Total": 119}, "The document total does not equal the sum of the lines"),
    ],
)
def test_4_3_headers_against_the_rules_are_refused(xero: XeroCaller, fields: dict[str, Any], message: str) -> None:
    document = invoice(a_contact(xero), "I-1")

    messages = refusals(xero.put("/Invoices", {**document, **fields}))

    assert any(message in one for one in messages)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"AccountCode": None}, "Account code must be specified"),
        ({"AccountCode": "999"}, "Account code '999' is not a valid code for this document."),
        ({"AccountCode": "090"}, "Account code '090' is not a valid code for this document."),
        ({"AccountCode": "610"}, "Account code '610' is not a valid code for this document."),
        ({"AccountCode": "960"}, "Account code '960' is not a valid code for this document."),
        ({"TaxType": "20% (VAT on Income)"}, "does not exist or cannot be used for this type of transaction."),
        ({"TaxType": "INPUT2"}, "The TaxType code 'INPUT2' cannot be used with account code '200'."),
        (
            {"AccountCode": "408", "TaxType": "OUTPUT2"},
            "The TaxType code 'OUTPUT2' cannot be used with account code '408'.",
        ),
        ({"TaxAmount": "100.01"}, "Tax amount cannot be greater than the line amount"),
        ({"LineAmount": "99.99"}, "The line total 99.99 does not match the expected line total 100.00"),
        ({"DiscountRate": "101"}, "Discount must not be greater than the line total."),
        ({"DiscountAmount": "127.83"}, "The discount rate '127.83' is invalid."),
        ({"DiscountAmount": 100, "LineAmount": 0}, "does not match the expected line total"),
        ({"Description": "x" * 4001}, "maximum length of 4000"),
        ({"Description": "\U0001f381" * 2001}, "maximum length of 4000"),
        ({"UnitAmount": "10000000000"}, "9999999999.99"),
        ({"Tracking": [{"Name": "Region", "Option": "Moon"}]}, "tracking option 'Moon'"),
        ({"Tracking": [{"Name": "Region", "Option": "North"}] * 3}, "at most 2"),
        ({"LineItemID": "00000000-0000-0000-0000-000000000001"}, "could not be found"),
    ],
)
def test_4_3_lines_against_the_rules_are_refused(xero: XeroCaller, fields: dict[str, Any], message: str) -> None:
    document = invoice(a_contact(xero), "I-1", line(**fields))

    messages = refusals(xero.put("/Invoices", document))

    assert any(message in one for one in messages)


def test_4_3_an_archived_account_is_refused(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.person("archive-account", name="200")

    messages = refusals(xero.put("/Invoices", invoice(a_contact(xero), "I-1")))

    assert messages == ["Account code '200' is not a valid code for this document."]


def test_4_3_a_draft_with_an_unknown_account_is_kept_with_a_warning(xero: XeroCaller) -> None:
    document = invoice(a_contact(xero), "I-1", line(AccountCode="476", TaxType="OUTPUT2"), Status="DRAFT")

    element = xero.put("/Invoices", document, summarizeErrors="false").json()["Invoices"][0]

    assert element["StatusAttributeString"] == "WARNING"
    assert element["Warnings"] == [
        {"Message": "Account code '476' has been removed as it does not match a recognised account."}
    ]


def test_4_3_a_line_may_only_describe(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", line(), {"Description": "gift wrapped"}))

    assert document["Total"] == 120


def test_4_3_a_negative_line_is_accepted_and_a_negative_total_is_not(xero: XeroCaller) -> None:
    contact = a_contact(xero)

    document = made(xero, "Invoices", invoice(contact, "I-1", line(), line(UnitAmount=-30)))

    assert document["Total"] == 84
    assert refusals(xero.put("/Invoices", invoice(contact, "I-2", line(UnitAmount=-30))))


def test_4_3_tracking_is_kept_with_its_ids(xero: XeroCaller) -> None:
    tracking = [{"Name": "region", "Option": "online"}]

    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", line(Tracking=tracking)))

    kept = document["LineItems"][0]["Tracking"][0]
    assert (kept["Name"], kept["Option"]) == ("Region", "Online")
    assert kept["TrackingCategoryID"]


@pytest.mark.parametrize(("field", "words"), [(False, "period lock date"), (True, "end of year lock date")])
def test_5_3_locked_periods_take_no_document_payment_edit_or_void(
    xero: XeroCaller, sandbox: SandboxControl, field: bool, words: str
) -> None:
    contact = a_contact(xero)
    document = made(xero, "Invoices", invoice(contact, "I-1"))
    sandbox.person("lock-date", to="2026-02-10", end_of_year=field)

    target = {"Invoice": {"InvoiceID": document["InvoiceID"]}}
    replies = (
        xero.put("/Invoices", invoice(contact, "I-2")),
        xero.put("/CreditNotes", credit_note(contact, "C-1")),
        xero.put("/Payments", payment(target, "10")),
        _post(xero, document["InvoiceID"], Reference="x"),
        _post(xero, document["InvoiceID"], Status="VOIDED"),
    )

    for reply in replies:
        assert f"The document date cannot be before the {words}, currently set at" in refusals(reply)[0]
    assert made(xero, "Payments", payment(target, "10", Date="2026-02-11"))["Status"] == "AUTHORISED"


def test_5_3_a_document_without_currency_takes_the_contacts_then_the_organisations(xero: XeroCaller) -> None:
    euro = a_contact(xero, "Euro", DefaultCurrency="EUR")
    plain = a_contact(xero, "Plain")

    currencies = [made(xero, "Invoices", invoice(c, f"I-{c}"))["CurrencyCode"] for c in (euro, plain)]

    assert currencies == ["EUR", "GBP"]


def test_5_3_a_currency_rate_is_kept_to_six_places(xero: XeroCaller) -> None:
    foreign = {"CurrencyCode": "EUR", "CurrencyRate": "1.12345678901"}
    sold = made(xero, "Invoices", invoice(a_contact(xero), "I-1", **foreign))

    paid = made(xero, "Payments", payment({"Invoice": {"InvoiceID": sold["InvoiceID"]}}, "1", CurrencyRate="1.1111111"))

    assert (sold["CurrencyRate"], paid["CurrencyRate"]) == (1.123457, 1.111111)


def test_6_a_document_refused_for_its_contact_does_not_use_the_plan(xero: XeroCaller, sandbox: SandboxControl) -> None:
    ada, bob = a_contact(xero), a_contact(xero, "Bob")
    sandbox.person("plan-limit", to=1)

    renaming = invoice(ada, "I-1", Contact={"ContactID": ada, "Name": "Bob"})

    assert "already assigned" in refusals(xero.put("/Invoices", renaming))[0]
    assert made(xero, "Invoices", invoice(bob, "I-2"))["Status"] == "AUTHORISED"


def test_6_the_plans_limit_of_invoices_is_told(xero: XeroCaller, sandbox: SandboxControl) -> None:
    contact = a_contact(xero)
    sandbox.person("plan-limit", to=1)
    made(xero, "Invoices", invoice(contact, "I-1"))

    assert refusals(xero.put("/Invoices", invoice(contact, "I-2"))) == [
        "You have reached the limit of invoices you can approve"
    ]
    assert made(xero, "Invoices", invoice(contact, "I-3", Status="DRAFT"))["Status"] == "DRAFT"
