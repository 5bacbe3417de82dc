from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.xero_fakes import member_of, sale_element
from worker.documents import Action, Kind
from worker.ledger.records import Member
from worker.xero.lookup import Found, lookups, match, suffixed
from worker.xero.sameness import totals_of


def invoice(entity_id: str = "1", **changes: Any) -> Member:
    return member_of(Kind.INVOICE, entity_id, sale_element(f"invoice-{entity_id}", **changes))


def stored(**changes: Any) -> dict[str, Any]:
    """The invoice of `sale_element` as Xero lists it."""
    return {
        "InvoiceID": "i-1",
        "InvoiceNumber": "invoice-1",
        "Type": "ACCREC",
        "Contact": {"ContactID": "C1"},
        "DateString": "2026-03-01T00:00:00",
        "Date": "/Date(1772323200000+0000)/",
        "CurrencyCode": "GBP",
        "Status": "AUTHORISED",
        "Total": Decimal("12.0"),
        "TotalTax": Decimal(2),
        **changes,
    }


def found_one(member: Member, *elements: dict[str, Any]) -> Found | None:
    (found,) = match(member.kind, [member], elements).values()
    return found


def test_invoices_are_asked_for_by_their_numbers_with_their_lines() -> None:
    (request,) = lookups(Kind.INVOICE, [invoice("1"), invoice("2")])

    assert request.path == "/Invoices"
    assert request.params == {"InvoiceNumbers": "invoice-1,invoice-2", "page": "1", "pageSize": "1000"}


@pytest.mark.parametrize(
    ("kind", "path", "where"),
    [
        (Kind.CREDIT_NOTE, "/CreditNotes", 'CreditNoteNumber=="credit_note-1" OR CreditNoteNumber=="credit_note-2"'),
        (Kind.ITEM, "/Items", 'Code=="item-1" OR Code=="item-2"'),
        (Kind.CONTACT, "/Contacts", 'ContactNumber=="contact-1" OR ContactNumber=="contact-2"'),
    ],
)
def test_other_documents_are_asked_for_by_number(kind: Kind, path: str, where: str) -> None:
    (request,) = lookups(kind, [member_of(kind, "1"), member_of(kind, "2")])

    assert (request.path, request.params["where"]) == (path, where)


def test_contacts_are_asked_for_by_name_too_archived_ones_included() -> None:
    (request,) = lookups(Kind.CONTACT, [member_of(Kind.CONTACT, "1", {"Name": 'Ann "The \\ Cook"'})])

    assert request.params["where"] == 'ContactNumber=="contact-1" OR Name=="Ann \\"The \\\\ Cook\\""'
    assert request.params["includeArchived"] == "true"


def test_payments_are_asked_for_by_what_they_pay() -> None:
    members = [
        member_of(Kind.PAYMENT, "1", {"Invoice": {"InvoiceID": "i-1"}}),
        member_of(Kind.PAYMENT, "2", {"Invoice": {"InvoiceID": "i-1"}}),
        member_of(Kind.PAYMENT, "3", {"CreditNote": {"CreditNoteID": "n-1"}}),
        member_of(Kind.PAYMENT, "4", {"Status": "DELETED"}, action=Action.VOID, xero_id="p-4"),
    ]

    made, deleted = lookups(Kind.PAYMENT, members)

    assert made.params["where"] == 'Invoice.InvoiceId==guid("i-1") OR CreditNote.CreditNoteId==guid("n-1")'
    assert (deleted.path, deleted.members) == ("/Payments/p-4", (members[3],))


def test_allocations_are_asked_for_at_their_credit_note() -> None:
    members = [member_of(Kind.ALLOCATION, str(n), {"CreditNote": {"CreditNoteID": f"n-{n % 2}"}}) for n in range(4)]

    requests = lookups(Kind.ALLOCATION, members)

    assert [(r.path, len(r.members)) for r in requests] == [("/CreditNotes/n-0", 2), ("/CreditNotes/n-1", 2)]


@pytest.mark.parametrize("name", ["N" * 200, "名" * 80])
def test_a_request_stays_short_and_no_member_is_forgotten(name: str) -> None:
    members = [member_of(Kind.CONTACT, str(n), {"Name": f"{name} {n}"}) for n in range(60)]

    requests = lookups(Kind.CONTACT, members)

    assert all(len(urlencode(request.params)) <= 2_048 for request in requests)
    assert [member for request in requests for member in request.members] == members


def test_one_member_goes_alone_however_long_it_is() -> None:
    (request,) = lookups(Kind.CONTACT, [member_of(Kind.CONTACT, "1", {"Name": "名" * 255})])

    assert len(request.members) == 1


def test_what_was_sent_is_ours_and_the_same() -> None:
    found = found_one(invoice(), stored())

    facts = {"total": "12.00", "currency": "GBP", "contact_id": "C1", "status": "AUTHORISED"}
    assert found == Found("i-1", ours=True, same=True, facts=facts)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"Total": Decimal("12.01")}, "total 12.01, expected 12.00"),
        ({"TotalTax": Decimal("1.99")}, "tax 1.99, expected 2.00"),
        ({"CurrencyCode": "EUR"}, "currency EUR, expected GBP"),
        ({"DateString": "2026-03-02T00:00:00"}, "date 2026-03-02, expected 2026-03-01"),
        ({"Contact": {"ContactID": "c9"}}, "another contact"),
        ({"Status": "VOIDED"}, "status VOIDED, expected AUTHORISED"),
        ({"Status": "DRAFT"}, "status DRAFT, expected AUTHORISED"),
    ],
)
def test_a_difference_is_named(changes: dict[str, Any], detail: str) -> None:
    found = found_one(invoice(), stored(**changes))

    assert found is not None
    assert (found.ours, found.same, found.detail) == (True, False, detail)


def test_a_paid_invoice_is_an_approved_one_and_dates_come_in_two_forms() -> None:
    element = stored(Status="PAID")
    del element["DateString"]

    found = found_one(invoice(), element)

    assert found is not None
    assert found.same


def test_a_bill_with_our_number_is_not_our_invoice() -> None:
    assert found_one(invoice(), stored(Type="ACCPAY")) is None


def test_what_is_not_there_is_not_found() -> None:
    assert found_one(invoice(), stored(InvoiceNumber="invoice-9")) is None
    assert found_one(invoice()) is None


def test_of_a_void_and_a_standing_document_the_standing_one_counts() -> None:
    found = found_one(invoice(), stored(InvoiceID="old", Status="VOIDED"), stored(InvoiceID="new"))

    assert found is not None
    assert found.xero_id == "new"


def test_a_voiding_is_the_same_when_the_document_is_void() -> None:
    member = member_of(Kind.INVOICE, "1", {"InvoiceID": "i-1", "Status": "VOIDED"}, action=Action.VOID, xero_id="i-1")

    done, undone = found_one(member, stored(Status="VOIDED")), found_one(member, stored())

    assert done is not None
    assert undone is not None
    assert (done.same, undone.same) == (True, False)


@pytest.mark.parametrize(
    ("mode", "line", "total", "tax"),
    [
        ("Exclusive", {"Quantity": "3", "UnitAmount": "1.115", "TaxAmount": "0.67"}, "4.02", "0.67"),
        ("Inclusive", {"LineAmount": "12.00", "TaxAmount": "2.00"}, "12.00", "2.00"),
        ("Inclusive", {"LineAmount": "12.00"}, "12.00", None),
        ("NoTax", {"LineAmount": "12.00"}, "12.00", "0"),
        ("Exclusive", {"LineAmount": "12.00"}, None, None),
        ("Exclusive", {"Quantity": "2", "UnitAmount": "5", "DiscountRate": "10", "TaxAmount": "0"}, "9.00", "0"),
        ("Exclusive", {"Quantity": "2", "UnitAmount": "5", "DiscountAmount": "1.5", "TaxAmount": "0"}, "8.50", "0"),
        ("Exclusive", {"Description": "a line of text only"}, "0", "0"),
    ],
)
def test_the_totals_that_the_lines_add_up_to(
    mode: str, line: dict[str, str], total: str | None, tax: str | None
) -> None:
    sums = totals_of({"LineAmountTypes": mode, "LineItems": [line]})

    assert sums == (None if total is None else Decimal(total), None if tax is None else Decimal(tax))


OURS = {"Name": "Ann Lee", "EmailAddress": "a@b.example", "Addresses": [{"AddressType": "POBOX", "City": "Ely"}]}
THEIRS = {
    "ContactID": "c-1",
    "ContactNumber": "contact-1",
    "Name": "Ann Lee",
    "EmailAddress": "a@b.example",
    "FirstName": "",
    "ContactStatus": "ACTIVE",
    "Addresses": [{"AddressType": "STREET", "City": ""}, {"AddressType": "POBOX", "City": "Ely", "Region": ""}],
}


def test_a_contact_is_the_same_when_it_covers_what_we_sent() -> None:
    found = found_one(member_of(Kind.CONTACT, "1", OURS), THEIRS)

    assert found == Found("c-1", ours=True, same=True, facts={"name": "Ann Lee", "status": "ACTIVE"})


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"EmailAddress": "x@y.example"}, "EmailAddress differs"),
        ({"Addresses": []}, "Addresses differs"),
        ({"ContactStatus": "ARCHIVED"}, "archived"),
    ],
)
def test_a_contact_with_other_content_is_ours_without_naming_its_data(changes: dict[str, Any], detail: str) -> None:
    found = found_one(member_of(Kind.CONTACT, "1", OURS), {**THEIRS, **changes})

    assert found is not None
    assert (found.ours, found.same, found.detail) == (True, False, detail)


def test_a_name_of_another_contact_is_found_as_not_ours() -> None:
    found = found_one(member_of(Kind.CONTACT, "1", OURS), {**THEIRS, "ContactNumber": "", "Name": "ann lee"})

    assert found is not None
    assert not found.ours


def test_ours_comes_before_another_of_the_same_name() -> None:
    other = {**THEIRS, "ContactID": "c-2", "ContactNumber": "contact-2"}

    found = found_one(member_of(Kind.CONTACT, "1", OURS), other, THEIRS)

    assert found is not None
    assert (found.xero_id, found.ours) == ("c-1", True)


def test_an_update_whose_new_name_is_anothers_is_not_ours_to_take() -> None:
    member = member_of(Kind.CONTACT, "1", OURS, xero_id="c-1")
    other = {**THEIRS, "ContactID": "c-2", "ContactNumber": ""}

    found = found_one(member, {**THEIRS, "Name": "Ann Old"}, other)

    assert found is not None
    assert not found.ours


def test_an_item_is_ours_only_with_our_content() -> None:
    member = member_of(Kind.ITEM, "1", {"Code": "item-1", "Name": "Mug", "SalesDetails": {"UnitPrice": Decimal("5.0")}})
    same = {"ItemID": "t-1", "Code": "item-1", "Name": "Mug", "SalesDetails": {"UnitPrice": 5, "AccountCode": "200"}}

    ours, other = found_one(member, same), found_one(member, {**same, "Name": "Cup"})

    assert ours is not None
    assert other is not None
    assert (ours.ours, other.ours) == (True, False)


def payment(entity_id: str = "1") -> Member:
    element = {
        "Invoice": {"InvoiceID": "i-1"},
        "Account": {"Code": "090"},
        "Date": "2026-03-01",
        "Amount": Decimal("5.00"),
        "Reference": "payment-1",
    }
    return member_of(Kind.PAYMENT, entity_id, element, number="payment-1")


def paid(**changes: Any) -> dict[str, Any]:
    return {
        "PaymentID": "p-1",
        "Invoice": {"InvoiceID": "i-1"},
        "Account": {"AccountID": "acc", "Code": "090"},
        "Date": "/Date(1772323200000+0000)/",
        "Amount": Decimal("5.0"),
        "Reference": "payment-1",
        "Status": "AUTHORISED",
        **changes,
    }


def test_a_payment_is_known_by_its_reference() -> None:
    found = found_one(payment(), paid(PaymentID="p-0", Reference="by hand"), paid())

    assert found == Found("p-1", ours=True, same=True, facts={"amount": "5.00", "status": "AUTHORISED"})


@pytest.mark.parametrize(
    "changes",
    [{"Amount": Decimal(6)}, {"Date": "2026-03-02"}, {"Account": {"Code": "091"}}, {"Invoice": {"InvoiceID": "x"}}],
)
def test_a_payment_of_other_content_is_not_the_same(changes: dict[str, Any]) -> None:
    found = found_one(payment(), paid(**changes))

    assert found is not None
    assert (found.ours, found.same) == (True, False)


def test_a_deleted_payment_is_not_there() -> None:
    assert found_one(payment(), paid(Status="DELETED")) is None


def test_one_payment_answers_one_member_only() -> None:
    first, second = payment("1"), payment("2")

    result = match(Kind.PAYMENT, [first, second], [paid()])

    assert (result[first.key] is None, result[second.key] is None) == (False, True)


def test_allocations_are_found_by_invoice_and_amount_each_once() -> None:
    element = {"CreditNote": {"CreditNoteID": "n-1"}, "Invoice": {"InvoiceID": "i-1"}, "Amount": Decimal("5.00")}
    members = [member_of(Kind.ALLOCATION, str(n), element) for n in (1, 2)]
    allocation = {"AllocationID": "a-1", "Amount": Decimal(5), "Invoice": {"InvoiceID": "I-1"}}
    note = {"CreditNoteID": "n-1", "Allocations": [{**allocation, "Amount": Decimal(6)}, allocation]}

    result = match(Kind.ALLOCATION, members, [note])

    facts = {"amount": "5.00", "credit_note_id": "n-1", "status": "AUTHORISED"}
    assert result[members[0].key] == Found("a-1", ours=True, same=True, facts=facts)
    assert result[members[1].key] is None


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("Ann", "shop:7", "Ann (7)"),
        ("Ann (7)", "shop:7", "Ann (7)"),
        ("A" * 255, "shop:7", "A" * 251 + " (7)"),
        ("Ann", "0123456789abcdef", "Ann (456789abcdef)"),
    ],
)
def test_a_suffix_tells_namesakes_apart_within_xeros_length(name: str, number: str, expected: str) -> None:
    assert suffixed({"Name": name, "EmailAddress": "e"}, number) == {"Name": expected, "EmailAddress": "e"}
