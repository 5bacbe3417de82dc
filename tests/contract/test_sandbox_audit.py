"""What the sandbox's audit and persons tell a test."""

from __future__ import annotations

from typing import Any

from tests.support.sandbox_documents import DAY, a_contact, credit_note, invoice, line, made, payment
from tests.support.sandbox_fixture import SandboxControl, XeroCaller


def _row(rows: list[dict[str, Any]], **wanted: str) -> dict[str, Any]:
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    assert len(found) == 1, rows
    return found[0]


def test_sums_are_net_tax_and_gross_by_account_tax_type_and_currency(xero: XeroCaller, sandbox: SandboxControl) -> None:
    contact = a_contact(xero)
    made(xero, "Invoices", invoice(contact, "I-1", line(), line(TaxType="RROUTPUT")))
    made(xero, "Invoices", invoice(contact, "I-2", line(), LineAmountTypes="Inclusive"))
    made(xero, "Invoices", invoice(contact, "I-3", line(), CurrencyCode="EUR"))
    made(xero, "CreditNotes", credit_note(contact, "C-1", line(AccountCode="210")))

    sums = sandbox.audit()["sums"]

    main = _row(sums["invoices"], status="AUTHORISED", account="200", tax_type="OUTPUT2", currency="GBP")
    assert (main["net"], main["tax"], main["gross"]) == ("183.33", "36.67", "220.00")
    assert _row(sums["invoices"], tax_type="RROUTPUT")["gross"] == "105.00"
    assert _row(sums["invoices"], currency="EUR")["gross"] == "120.00"
    assert _row(sums["credit_notes"], account="210")["net"] == "100.00"


def test_payments_are_summed_in_and_out_by_account(xero: XeroCaller, sandbox: SandboxControl) -> None:
    contact = a_contact(xero)
    bill = made(xero, "Invoices", invoice(contact, "I-1"))
    note = made(xero, "CreditNotes", credit_note(contact, "C-1"))
    target = {"Invoice": {"InvoiceID": bill["InvoiceID"]}}
    made(xero, "Payments", payment(target, "70.50"))
    gone = made(xero, "Payments", payment(target, "9"))
    made(xero, "Payments", payment({"CreditNote": {"CreditNoteID": note["CreditNoteID"]}}, "20"))
    xero.post(f"/Payments/{gone['PaymentID']}", {"Status": "DELETED"})

    rows = sandbox.audit()["sums"]["payments"]

    assert rows == [{"account": "090", "currency": "GBP", "in": "70.50", "out": "20.00", "count": 2}]


def test_duplicates_are_documents_that_share_a_store_reference(xero: XeroCaller, sandbox: SandboxControl) -> None:
    contact = a_contact(xero)
    bill = made(xero, "Invoices", invoice(contact, "I-1"))
    note = made(xero, "CreditNotes", credit_note(contact, "C-1"))
    made(xero, "Invoices", invoice(contact, "i-1"))
    part = {"Amount": 5, "Date": DAY, "Invoice": {"InvoiceID": bill["InvoiceID"]}}
    for _ in range(2):
        xero.put(f"/CreditNotes/{note['CreditNoteID']}/Allocations", {"Allocations": [part]})

    duplicates = sandbox.audit()["duplicates"]

    assert sorted(one["kind"] for one in duplicates) == ["allocations", "invoices"]
    assert len(sandbox.documents("allocations")) == 2


def test_counts_are_those_of_the_audit(xero: XeroCaller, sandbox: SandboxControl) -> None:
    made(xero, "Invoices", invoice(a_contact(xero), "I-1"))

    counts, audit = sandbox.counts(), sandbox.audit()

    assert counts == {name: audit[name] for name in ("calls_total", "documents", "statuses")}
    assert counts["documents"]["invoices"] == 1


def test_calls_are_counted_by_endpoint_method_and_status(xero: XeroCaller, sandbox: SandboxControl) -> None:
    contact = a_contact(xero)
    xero.get(f"/Contacts/{contact}")
    xero.put("/Contacts", {})

    calls = {(one["method"], one["endpoint"], one["status"]): one["count"] for one in sandbox.audit()["calls"]}

    assert calls == {("PUT", "Contacts", 200): 1, ("GET", "Contacts/{id}", 200): 1, ("PUT", "Contacts", 400): 1}


def test_an_audit_can_be_narrowed_to_one_organisation(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.person("create-contact", organisation="org2", document={"Name": "Ada"})

    counts = [sandbox.audit(organisation=name)["documents"]["contacts"] for name in ("main", "org2")]

    assert counts == [0, 1]


def test_persons_do_what_people_do(xero: XeroCaller, sandbox: SandboxControl) -> None:
    contact = sandbox.person("create-contact", document={"Name": "Ada", "ContactNumber": "shop:1"})["ContactID"]
    sandbox.person("create-item", document={"Code": "MUG"})
    sandbox.person("create-invoice", document=invoice(contact, "I-1"))
    sandbox.person("create-credit-note", document=credit_note(contact, "C-1"))
    paid = sandbox.person("create-payment", document=payment({"Invoice": {"InvoiceNumber": "I-1"}}, "5"))
    sandbox.person("rename-contact", name="shop:1", to="Ada King")
    sandbox.person("delete-payment", name=paid["PaymentID"])
    sandbox.person("edit-invoice", name="I-1", document={"Reference": "by hand"})
    sandbox.person("void-invoice", name="I-1")
    sandbox.person("unsubscribe-currency", name="USD")

    shown = xero.get("/Invoices/I-1").json()["Invoices"][0]
    assert (shown["Status"], shown["Reference"], shown["Contact"]["Name"]) == ("VOIDED", "by hand", "Ada King")
    assert len(xero.get("/Currencies").json()["Currencies"]) == 2
    assert sandbox.audit()["calls_total"] == 2
