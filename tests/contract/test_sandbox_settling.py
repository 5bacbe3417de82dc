"""Credit notes, allocations and payments in the sandbox [xero 4.4, 4.5, 4.6]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_documents import DAY, a_contact, credit_note, invoice, line, made, payment, refusals
from tests.support.sandbox_fixture import SandboxControl, XeroCaller

Json = dict[str, Any]


def _of(document: Json) -> Json:
    """A payment's target: the invoice or credit note it is for."""
    name = "CreditNote" if "CreditNoteID" in document else "Invoice"
    return {name: {f"{name}ID": document[f"{name}ID"]}}


def _now(xero: XeroCaller, document: Json) -> Json:
    plural, field = ("CreditNotes", "CreditNoteID") if "CreditNoteID" in document else ("Invoices", "InvoiceID")
    shown: Json = xero.get(f"/{plural}/{document[field]}").json()[plural][0]
    return shown


def _allocate(xero: XeroCaller, note: Json, document: Json, amount: str, **query: Any) -> Any:
    element = {"Amount": amount, "Date": DAY, "Invoice": {"InvoiceID": document["InvoiceID"]}}
    return xero.put(f"/CreditNotes/{note['CreditNoteID']}/Allocations", {"Allocations": [element]}, **query)


def test_4_4_payments_make_an_invoice_paid_and_their_deletion_makes_it_open(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))

    made(xero, "Payments", payment(_of(document), "50"))
    part = _now(xero, document)
    last = made(xero, "Payments", payment(_of(document), "70"))
    paid = _now(xero, document)
    xero.post(f"/Payments/{last['PaymentID']}", {"Status": "DELETED"})
    again = _now(xero, document)

    assert (part["Status"], part["AmountDue"], part["AmountPaid"]) == ("AUTHORISED", 70, 50)
    assert (paid["Status"], paid["AmountDue"]) == ("PAID", 0)
    assert "FullyPaidOnDate" in paid
    assert (again["Status"], again["AmountDue"]) == ("AUTHORISED", 70)
    assert [one["Amount"] for one in again["Payments"]] == [50]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Amount": "120.01"}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Amount": "0"}, "greater than zero"),
        ({"Amount": "0.004"}, "greater than zero"),
        ({"Account": {"Code": "200"}}, "Account type is invalid for making a payment to/from"),
        ({"Account": {"Code": "843"}}, "Account type is invalid for making a payment to/from"),
        ({"Account": {"Code": "999"}}, "Account must be valid."),
        ({"Account": None}, "Account must be valid."),
        ({"Invoice": None}, "Exactly one of"),
        ({"Invoice": {"InvoiceNumber": "I-9"}}, "An existing Invoice with the specified InvoiceID could not be found"),
        ({"CreditNote": {"CreditNoteNumber": "C-1"}}, "Exactly one of"),
        ({"Reference": "x" * 256}, "maximum length of 255"),
        ({"PaymentID": "00000000-0000-0000-0000-000000000001"}, "cannot be edited"),
    ],
)
def test_4_4_payments_against_the_rules_are_refused(xero: XeroCaller, fields: Json, message: str) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))

    messages = refusals(xero.put("/Payments", {**payment(_of(document), "50"), **fields}))

    assert any(message in one for one in messages)
    assert _now(xero, document)["AmountDue"] == 120


@pytest.mark.parametrize("code", ["090", "092", "841", "842"])
def test_4_4_banks_and_accounts_with_payments_enabled_take_payments(xero: XeroCaller, code: str) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))

    paid = made(xero, "Payments", payment(_of(document), "120", Account={"Code": code}))

    assert paid["Account"]["Code"] == code


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_4_4_only_approved_documents_take_payments(xero: XeroCaller, status: str) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", Status=status))

    messages = refusals(xero.put("/Payments", payment(_of(document), "50")))

    assert messages == ["Payments can only be made against Authorised documents"]


def test_4_4_a_paid_document_takes_no_more(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))
    made(xero, "Payments", payment(_of(document), "120"))

    messages = refusals(xero.put("/Payments", payment(_of(document), "1")))

    assert "Payments can only be made against Authorised documents" in messages


def test_4_4_nothing_recognises_a_repeated_payment(xero: XeroCaller, sandbox: SandboxControl) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))

    for _ in range(2):
        made(xero, "Payments", payment(_of(document), "10", Reference="P-1"))

    assert [one["kind"] for one in sandbox.audit()["duplicates"]] == ["payments"]


def test_4_4_a_payment_is_deleted_once_and_never_edited(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))
    paid = made(xero, "Payments", payment(_of(document), "10"))
    path = f"/Payments/{paid['PaymentID']}"

    edit = xero.post(path, {"Amount": 11})
    deleted = xero.post(path, {"Payments": [{"Status": "DELETED"}]})
    again = xero.post(path, {"Status": "DELETED"})

    assert deleted.json()["Payments"][0]["Status"] == "DELETED"
    assert refusals(edit)
    assert refusals(again)
    assert xero.post("/Payments/00000000-0000-0000-0000-000000000001", {"Status": "DELETED"}).status_code == 404


def test_4_4_post_on_the_collection_takes_one_payment(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))
    one = payment(_of(document), "10")

    assert xero.post("/Payments", {"Payments": [one, one]}).status_code == 400
    assert xero.post("/Payments", one).status_code == 200


def test_4_5_a_refund_empties_the_credit_note(xero: XeroCaller) -> None:
    note = made(xero, "CreditNotes", credit_note(a_contact(xero), "C-1"))
    assert (note["Status"], note["RemainingCredit"]) == ("AUTHORISED", 120)

    refund = made(xero, "Payments", payment(_of(note), "120"))

    assert refund["PaymentType"] == "ARCREDITPAYMENT"
    after = _now(xero, note)
    assert (after["Status"], after["RemainingCredit"]) == ("PAID", 0)


def test_4_5_a_taken_number_is_refused_and_discounts_too(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    made(xero, "CreditNotes", credit_note(contact, "C-1"))

    taken = refusals(xero.put("/CreditNotes", credit_note(contact, "C-1")))
    discounted = refusals(xero.put("/CreditNotes", credit_note(contact, "C-2", line(DiscountRate=10))))

    assert "must be unique" in taken[0]
    assert "Discounts" in discounted[0]


def test_4_6_an_allocation_settles_both_sides_and_its_deletion_opens_them(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    document = made(xero, "Invoices", invoice(contact, "I-1"))
    note = made(xero, "CreditNotes", credit_note(contact, "C-1"))

    allocation = _allocate(xero, note, document, "120").json()["Allocations"][0]
    settled = (_now(xero, document), _now(xero, note))
    gone = xero.delete(f"/CreditNotes/{note['CreditNoteID']}/Allocations/{allocation['AllocationID']}")
    opened = (_now(xero, document), _now(xero, note))

    assert [one["Status"] for one in settled] == ["PAID", "PAID"]
    assert (settled[0]["AmountCredited"], settled[1]["AppliedAmount"]) == (120, 120)
    assert gone.json()["IsDeleted"] is True
    assert [one["Status"] for one in opened] == ["AUTHORISED", "AUTHORISED"]
    assert (opened[0]["AmountDue"], opened[1]["RemainingCredit"]) == (120, 120)


def test_4_6_allocations_against_the_rules_are_refused(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    document = made(xero, "Invoices", invoice(contact, "I-1"))
    small = made(xero, "Invoices", invoice(contact, "I-2", line(UnitAmount=10)))
    other = made(xero, "Invoices", invoice(a_contact(xero, "Other"), "I-3"))
    draft = made(xero, "Invoices", invoice(contact, "I-4", Status="DRAFT"))
    euro = made(xero, "Invoices", invoice(contact, "I-5", CurrencyCode="EUR"))
    note = made(xero, "CreditNotes", credit_note(contact, "C-1"))

    assert "contact" in refusals(_allocate(xero, note, other, "10"))[0]
    assert "outstanding" in refusals(_allocate(xero, note, small, "12.01"))[0]
    assert "Authorised" in refusals(_allocate(xero, note, draft, "10"))[0]
    assert "currency" in refusals(_allocate(xero, note, euro, "10"))[0]
    assert "greater than zero" in refusals(_allocate(xero, note, document, "0"))[0]
    assert "paid off" in _allocated_to_paid(xero, note, small, "12")
    assert "Authorised" in _allocated_twice(xero, note, document)


def _allocated_to_paid(xero: XeroCaller, note: Json, document: Json, amount: str) -> str:
    made(xero, "Payments", payment(_of(document), amount))
    return refusals(_allocate(xero, note, document, amount))[0]


def _allocated_twice(xero: XeroCaller, note: Json, document: Json) -> str:
    made(xero, "Payments", payment(_of(note), "120"))
    return refusals(_allocate(xero, note, document, "1"))[0]


def test_4_6_several_allocations_of_one_credit_note_are_judged_one_by_one(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    document = made(xero, "Invoices", invoice(contact, "I-1"))
    note = made(xero, "CreditNotes", credit_note(contact, "C-1"))
    elements = [
        {"Amount": amount, "Date": DAY, "Invoice": {"InvoiceID": document["InvoiceID"]}} for amount in (100, 30)
    ]

    path = f"/CreditNotes/{note['CreditNoteID']}/Allocations"
    reply = xero.put(path, {"Allocations": elements}, summarizeErrors="false")

    verdicts = {one["Amount"]: one["StatusAttributeString"] for one in reply.json()["Allocations"]}
    assert verdicts == {100: "OK", 30: "ERROR"}


def test_4_6_an_allocation_has_its_date(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    document = made(xero, "Invoices", invoice(contact, "I-1"))
    note = made(xero, "CreditNotes", credit_note(contact, "C-1"))
    undated = {"Amount": "10", "Invoice": {"InvoiceID": document["InvoiceID"]}}

    reply = xero.put(f"/CreditNotes/{note['CreditNoteID']}/Allocations", {"Allocations": [undated]})

    assert refusals(reply) == ["The Date field is mandatory"]


def test_4_6_an_unknown_credit_note_is_not_found(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1"))
    nobody = {"CreditNoteID": "00000000-0000-0000-0000-000000000001"}

    assert _allocate(xero, nobody, document, "10").status_code == 404


def test_4_3_void_needs_payments_and_allocations_gone(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    document = made(xero, "Invoices", invoice(contact, "I-1"))
    note = made(xero, "CreditNotes", credit_note(contact, "C-1"))
    allocation = _allocate(xero, note, document, "20").json()["Allocations"][0]
    path = f"/Invoices/{document['InvoiceID']}"

    refused = refusals(xero.post(path, {"Status": "VOIDED"}))
    xero.delete(f"/CreditNotes/{note['CreditNoteID']}/Allocations/{allocation['AllocationID']}")
    voided = xero.post(path, {"Status": "VOIDED"})

    assert refused == ["This document cannot be edited as it has a payment or credit note allocated to it."]
    assert voided.json()["Invoices"][0]["Status"] == "VOIDED"


def test_4_4_a_foreign_payment_is_in_the_documents_currency(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", CurrencyCode="EUR", CurrencyRate="1.25"))

    paid = made(xero, "Payments", payment(_of(document), "120"))

    assert (paid["Amount"], paid["BankAmount"], paid["CurrencyRate"]) == (120, 96, 1.25)
    assert _now(xero, document)["Status"] == "PAID"
