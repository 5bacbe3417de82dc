from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.xero_fakes import member_of
from worker.documents.documents import Action, Kind
from worker.ledger.records import Member
from worker.xero.lookup import Found, match, suffixed


def found_one(member: Member, *elements: dict[str, Any]) -> Found | None:
    (found,) = match(member.kind, [member], elements).values()
    return found


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

    assert found == Found(
        "p-1", ours=True, same=True, facts={"amount": "5.00", "status": "AUTHORISED", "target_id": "i-1"}
    )


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

    facts = {"amount": "5.00", "credit_note_id": "n-1", "target_id": "i-1", "status": "AUTHORISED"}
    assert result[members[0].key] == Found("a-1", ours=True, same=True, facts=facts)
    assert result[members[1].key] is None


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("Ann", "shop:7", "Ann (7)"),
        ("Ann (7)", "shop:7", "Ann (shop:7)"),
        ("Ann (shop:7)", "shop:7", "Ann (shop:7)"),
        ("A" * 255, "shop:7", "A" * 251 + " (7)"),
        ("\U0001f381" * 127, "shop:7", "\U0001f381" * 125 + " (7)"),
        ("Ann", "0123456789abcdef", "Ann (456789abcdef)"),
    ],
)
def test_a_suffix_tells_namesakes_apart_within_xeros_length(name: str, number: str, expected: str) -> None:
    assert suffixed({"Name": name, "EmailAddress": "e"}, number) == {"Name": expected, "EmailAddress": "e"}


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"Status": "AUTHORISED"}, False),
        ({"Total": Decimal("1.00")}, False),
        ({"LineItems": [{"LineAmount": Decimal(5)}, {"LineAmount": Decimal(-5)}]}, False),
        ({"LineItems": [{"LineAmount": Decimal(0), "TaxAmount": Decimal(1)}]}, False),
        ({"LineItems": []}, False),
    ],
    ids=["nothing", "not paid", "a total", "lines that cancel out", "tax alone", "lines that are not shown"],
)
def test_what_books_nothing_is_as_good_as_void(changes: dict[str, Any], same: bool) -> None:
    member = member_of(Kind.INVOICE, "1", {"Status": "VOIDED"}, action=Action.VOID)
    lines = [{"LineAmount": Decimal("0.00"), "TaxAmount": Decimal(0)}, {"Description": "a note"}]
    free = {"InvoiceID": "i-1", "InvoiceNumber": member.number, "Status": "PAID", "Total": Decimal(0)}

    found = found_one(member, free | {"LineItems": lines} | changes)

    assert found is not None
    assert (found.ours, found.same) == (True, same)


@pytest.mark.parametrize(("sent", "there"), [("01234", "1234"), ("1e2", "100"), ("12.0", "12")])
def test_text_that_looks_like_a_number_is_compared_as_text(sent: str, there: str) -> None:
    ours = OURS | {"Addresses": [{"AddressType": "POBOX", "PostalCode": sent}]}
    theirs = THEIRS | {"Addresses": [{"AddressType": "POBOX", "PostalCode": there}]}

    found = found_one(member_of(Kind.CONTACT, "1", ours), theirs)

    assert found is not None
    assert (found.same, found.detail) == (False, "Addresses differs")


@pytest.mark.parametrize("city", ["Nan", "sNaN", "Infinity"])
def test_text_that_looks_like_no_number_is_equal_to_itself(city: str) -> None:
    addresses = {"Addresses": [{"AddressType": "POBOX", "City": city}]}

    found = found_one(member_of(Kind.CONTACT, "1", OURS | addresses), THEIRS | addresses)

    assert found is not None
    assert found.same


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        (Kind.CONTACT, THEIRS | {"ContactNumber": "shop:00AB"}),
        (Kind.PAYMENT, paid(Reference="shop:00AB")),
    ],
)
def test_a_number_that_differs_in_case_is_another_of_the_stores(kind: Kind, theirs: dict[str, Any]) -> None:
    element = OURS if kind is Kind.CONTACT else payment().element

    found = found_one(member_of(kind, "1", element, number="shop:00aB"), theirs)

    assert found is None or not found.ours


@pytest.mark.parametrize(("left", "status"), [([], "DELETED"), ([{"AllocationID": "a-1"}], "AUTHORISED")])
def test_of_a_deleted_allocation_its_state_and_both_its_ends_are_kept(left: list[dict[str, str]], status: str) -> None:
    element = {"Status": "DELETED", "CreditNote": {"CreditNoteID": "n-1"}, "Invoice": {"InvoiceID": "i-1"}}
    member = member_of(Kind.ALLOCATION, "1", element, action=Action.VOID, xero_id="a-1")

    (found,) = match(Kind.ALLOCATION, [member], [{"CreditNoteID": "n-1", "Allocations": left}]).values()

    assert found is not None
    assert found.same == (status == "DELETED")
    assert found.facts == {"credit_note_id": "n-1", "target_id": "i-1", "status": status}


SOLD = {"InvoiceID": "i-1", "InvoiceNumber": "invoice-1", "Status": "PAID"}


@pytest.mark.parametrize(
    ("says", "there", "detail"),
    [
        ({"DueDate": "2026-04-16"}, {"DueDate": "2026-03-01"}, "due date 2026-03-01, expected 2026-04-16"),
        ({"CurrencyRate": Decimal("1.3")}, {"CurrencyRate": Decimal("1.17")}, "rate 1.170000, expected 1.300000"),
        ({"CurrencyRate": Decimal("1.3")}, {"CurrencyRate": Decimal("1.3000000")}, ""),
        ({"CurrencyRate": Decimal("0.86")}, {"CurrencyRate": 1}, ""),
        ({"BrandingThemeID": "t-2"}, {"BrandingThemeID": "t-1"}, "another branding theme"),
        ({"BrandingThemeID": "t-2"}, {"BrandingThemeID": "T-2"}, ""),
        ({}, {"DueDate": "2026-03-01", "CurrencyRate": Decimal("1.17"), "BrandingThemeID": "t-1"}, ""),
    ],
)
def test_an_update_is_there_when_all_that_it_says_is(says: dict[str, Any], there: dict[str, Any], detail: str) -> None:
    words = {"LineItems": [{"LineItemID": "l-1"}], **says}
    found = found_one(member_of(Kind.INVOICE, "1", words, xero_id="i-1"), {**SOLD, **there})

    assert found is not None
    assert (found.same, found.detail) == (not detail, detail)


@pytest.mark.parametrize(("code", "same"), [("MUG", True), ("mug", True), ("MUG ", True), ("TEA", False), ("", False)])
def test_a_line_names_the_same_item_however_xero_writes_its_code(code: str, same: bool) -> None:
    words = {"LineItems": [{"LineItemID": "l-1", "Description": "Cup", "ItemCode": "MUG"}]}
    there = {"LineItems": [{"LineItemID": "l-1", "Description": "Cup", "ItemCode": code}]}

    found = found_one(member_of(Kind.INVOICE, "1", words, xero_id="i-1"), {**SOLD, **there})

    assert found is not None
    assert found.same == same
