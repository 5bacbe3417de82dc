from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.support.xero_fakes import document_of, member_of, sale_element, write_of
from worker.documents.documents import Action, Kind
from worker.ledger.records import Member
from worker.xero.looks import readings_of
from worker.xero.lookup import Found, lookups, match, one_by_one
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


def test_an_invoice_that_is_known_is_asked_for_by_its_id_whatever_its_number() -> None:
    """An earlier connector gave it another, or a person has."""
    known = invoice("2")._replace(xero_id="i-2")

    by_id, by_number = lookups(Kind.INVOICE, [invoice("1"), known])

    assert (by_id.params["IDs"], by_id.members) == ("i-2", (known,))
    assert (by_number.params["InvoiceNumbers"], by_number.members) == ("invoice-1", (invoice("1"),))


def test_a_credit_note_that_is_known_is_asked_for_by_its_id_whatever_its_number() -> None:
    known = member_of(Kind.CREDIT_NOTE, "2", xero_id="n-2")

    (request,) = lookups(Kind.CREDIT_NOTE, [member_of(Kind.CREDIT_NOTE, "1"), known])

    assert request.params["where"] == 'CreditNoteNumber=="credit_note-1" OR CreditNoteID==guid("n-2")'


def test_full_requests_for_credit_notes_by_their_ids_stay_short() -> None:
    writes = [write_of(Kind.CREDIT_NOTE, str(number)) for number in range(50)]
    made = {write.key: document_of(write, xero_id=str(uuid4())) for write in writes}

    readings = readings_of(Kind.CREDIT_NOTE, writes, made)

    assert len(readings) == 3
    assert all(len(urlencode(reading.params)) <= 2_048 for reading in readings)
    assert f'CreditNoteID==guid("{made[writes[0].key].xero_id}")' in readings[0].params["where"]


def test_an_invoice_number_with_a_comma_is_asked_for_by_itself() -> None:
    """Xero's list of numbers ends each at a comma."""
    with_comma = member_of(Kind.INVOICE, "2", sale_element("2026,17"), number="2026,17")

    first, second = lookups(Kind.INVOICE, [invoice("1"), with_comma])

    assert (first.params["InvoiceNumbers"], first.members) == ("invoice-1", (invoice("1"),))
    assert second.params == {"where": 'InvoiceNumber=="2026,17"', "page": "1", "pageSize": "1000"}
    assert second.members == (with_comma,)


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


@pytest.mark.parametrize(("kind", "path"), [(Kind.CONTACT, "/Contacts"), (Kind.CREDIT_NOTE, "/CreditNotes")])
def test_contacts_and_credit_notes_that_xero_does_not_list_are_asked_for_one_by_one(kind: Kind, path: str) -> None:
    new = member_of(kind, "1", number="shop:1/a b")
    known = member_of(kind, "2", xero_id="x-2")
    [refused] = lookups(kind, [new, known])

    requests = one_by_one(refused)

    assert [(r.path, r.params, r.members) for r in requests] == [
        (f"{path}/shop%3A1%2Fa%20b", {}, (new,)),
        (f"{path}/x-2", {}, (known,)),
    ]
    assert [one_by_one(request) for request in requests] == [[], []]


@pytest.mark.parametrize("kind", [Kind.INVOICE, Kind.ITEM, Kind.PAYMENT])
def test_what_xero_does_not_list_of_other_kinds_is_asked_for_no_further(kind: Kind) -> None:
    [refused] = lookups(kind, [member_of(kind, "1")])

    assert one_by_one(refused) == []


def test_payments_are_asked_for_by_what_they_pay_and_refunds_by_their_references() -> None:
    members = [
        member_of(Kind.PAYMENT, "1", {"Invoice": {"InvoiceID": "i-1"}}),
        member_of(Kind.PAYMENT, "2", {"Invoice": {"InvoiceID": "i-1"}}),
        member_of(Kind.PAYMENT, "3", {"CreditNote": {"CreditNoteID": "n-1"}}),
        member_of(Kind.PAYMENT, "4", {"Status": "DELETED"}, action=Action.VOID, xero_id="p-4"),
    ]

    made, deleted = lookups(Kind.PAYMENT, members)

    assert made.params["where"] == 'Invoice.InvoiceId==guid("i-1") OR Reference=="payment-3"'
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

    facts = {"total": "12.00", "currency": "GBP", "contact_id": "C1", "status": "AUTHORISED", "date": "2026-03-01"}
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


MUG = {"Description": "Mug", "Quantity": 1, "UnitAmount": 4, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 0}
CUP = {**MUG, "Description": "Cup", "UnitAmount": 6}
THERE = [{**MUG, "LineItemID": "l-1", "LineAmount": 4}, {**CUP, "LineItemID": "l-2", "LineAmount": 6}]


@pytest.mark.parametrize(
    ("lines", "same"),
    [
        ([{**CUP, "LineItemID": "L-2"}, {**MUG, "LineItemID": "L-1"}], True),
        ([{**MUG, "LineItemID": "l-1"}, CUP], True),
        ([MUG, {"LineItemID": "l-1", **MUG}, CUP], False),
        ([{**MUG, "LineItemID": "l-1"}, {**CUP, "Description": "Bowl"}], False),
        ([{**MUG, "LineItemID": "l-1", "UnitAmount": 6}, {**CUP, "LineItemID": "l-2", "UnitAmount": 4}], False),
        ([{**MUG, "LineItemID": "l-1"}, {**CUP, "LineItemID": "l-2", "TaxType": "ZERORATED"}], False),
        ([{**MUG, "LineItemID": "l-1", "Quantity": 2, "UnitAmount": 2}, {**CUP, "LineItemID": "l-2"}], False),
        ([{**MUG, "LineItemID": "l-1", "UnitAmount": 10}], False),
        ([{"LineItemID": "l-1", "Description": "Mug"}, {"LineItemID": "l-2", "Description": "Cup"}], True),
        ([{"LineItemID": "l-1", "Description": "Mug"}, {"LineItemID": "l-2", "AccountCode": "260"}], False),
    ],
)
def test_an_update_is_there_when_its_lines_are_and_not_only_their_sums(lines: list[dict[str, Any]], same: bool) -> None:
    member = member_of(Kind.INVOICE, "1", {"LineAmountTypes": "Exclusive", "LineItems": lines}, xero_id="i-1")

    found = found_one(member, stored(Total=Decimal(10), TotalTax=Decimal(0), LineItems=THERE))

    assert found is not None
    assert found.same is same


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
