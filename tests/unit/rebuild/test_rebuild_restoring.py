"""Which row of the ledger a document of Xero becomes, and so what the store's next event does with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import SALE, credit_memo, event, invoice, line, payment, writes
from worker.documents.documents import DocumentKey, Kind, Write
from worker.ledger.records import Document, Known
from worker.rebuild.index import Candidate, Index
from worker.rebuild.restoring import UNKNOWN
from worker.rebuild.restoring import restored as restored_of
from worker.xero.facts import facts_of

CONTACT, INVOICE, NOTE = "c-1", "i-1", "n-1"
NUMBER = "SHOP-I-webshop-100000012"
REFERENCE = "SHOP-P-webshop-51"
NOTE_NUMBER = "SHOP-C-webshop-300000001"

BUYER, SOLD = writes(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))))
(PAID,) = writes(event(Entity.PAYMENT, payment()))
(PAID_BACK,) = writes(event(Entity.PAYMENT, payment(direction="out", credit_memo_id="41")))
_, REFUNDED, ALLOCATED = writes(event(Entity.CREDIT_MEMO, credit_memo(line("5.00", "1.00", tax_rate="20"))))
PERSON = {"id": "7", "email": "jo@example.com", "first_name": "Jo", "last_name": "Doe"}
(CUSTOMER,) = writes(event(Entity.CUSTOMER, PERSON))
(PRODUCT,) = writes(event(Entity.PRODUCT, {"id": "3", "sku": "MUG", "name": "Mug"}))
TAKEN_BACK = writes(event(Entity.CREDIT_MEMO, credit_memo(line("5.00", "1.00", tax_rate="20"), cancelled=True)))


def restored(write: Write, elements: Sequence[Mapping[str, Any]], known: Known) -> Document | None:
    """As of elements that a list has shown, with what the index keeps of them."""
    kind = Kind.CREDIT_NOTE if write.kind is Kind.ALLOCATION else write.kind
    name = {Kind.PAYMENT: REFERENCE, Kind.CREDIT_NOTE: NOTE_NUMBER}.get(kind, write.number)
    index = Index(["SHOP-"])
    index.add(kind, elements)
    return restored_of(write, index.candidates(kind, name), known)


def known(write: Write, xero_id: str) -> Document:
    return Document(write.key, write.kind, xero_id, write.number, write.version, "x")


KNOWN = Known(
    {one.key: one for one in (known(BUYER, CONTACT), known(SOLD, INVOICE), known(REFUNDED, NOTE))}, frozenset()
)


def sale(**changes: Any) -> dict[str, Any]:
    shown = {"InvoiceID": INVOICE, "InvoiceNumber": NUMBER, "Type": "ACCREC", "Status": "PAID", "CurrencyCode": "GBP"}
    sums = {"Total": Decimal("12.00"), "TotalTax": Decimal("2.00"), "Date": "/Date(1772409600000+0000)/"}
    return {**shown, **sums, "Contact": {"ContactID": CONTACT}, **changes}


def money(**changes: Any) -> dict[str, Any]:
    shown = {"PaymentID": "p-1", "Reference": f"{REFERENCE} ch_1", "Amount": Decimal("12.00"), "Status": "AUTHORISED"}
    places = {"Account": {"Code": "090"}, "Invoice": {"InvoiceID": INVOICE}, "Date": "/Date(1772496000000+0000)/"}
    return {**shown, **places, **changes}


def note(*allocations: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"CreditNoteID": NOTE, "CreditNoteNumber": NOTE_NUMBER, "Status": "AUTHORISED"}
    return {**shown, "Allocations": list(allocations)}


def allocation(amount: str = "6.00", **changes: Any) -> dict[str, Any]:
    return {"AllocationID": "a-1", "Amount": Decimal(amount), "Invoice": {"InvoiceID": INVOICE}, **changes}


def person(**changes: Any) -> dict[str, Any]:
    shown = {"ContactID": CONTACT, "ContactNumber": "webshop:7", "Name": "Jo Doe", "ContactStatus": "ACTIVE"}
    return {**shown, "FirstName": "Jo", "LastName": "Doe", "EmailAddress": "jo@example.com", **changes}


def item(**changes: Any) -> dict[str, Any]:
    return {
        "ItemID": "m-1",
        "Code": "MUG",
        "Name": "Mug",
        "IsSold": True,
        "SalesDetails": {"AccountCode": "200"},
        **changes,
    }


GOODS = {"Description": "A thing", "AccountCode": "200", "TaxType": "OUTPUT2", "LineAmount": Decimal("10.00")}


def noted(day: str) -> dict[str, Any]:
    return {"Description": f"Dated {day} in the store. That period is locked, so this is booked on 2026-04-01."}


HELD = [
    (SOLD, sale()),
    (SOLD, sale(Status="VOIDED", Total=Decimal(0))),
    (PAID, money()),
    (PAID, money(Status="DELETED")),
    (PAID_BACK, money(Invoice=None, CreditNote={"CreditNoteID": NOTE})),
    (ALLOCATED, note(allocation())),
    (CUSTOMER, person()),
    (CUSTOMER, person(Name="Jo Doe (7)")),
    (CUSTOMER, person(ContactStatus="ARCHIVED")),
    (PRODUCT, item()),
    (SOLD, sale(Date="2026-04-01", LineItems=[GOODS, noted("2026-03-02")])),
    (PAID, money(Date="2026-04-01", Reference=f"{REFERENCE} ch_1 (of 2026-03-03: locked)")),
]
OTHER = [
    (SOLD, sale(Total=Decimal("12.01"))),
    (SOLD, sale(Status="DRAFT")),
    (SOLD, sale(Date="2026-04-01")),
    (SOLD, sale(Date="2026-04-01", LineItems=[GOODS, noted("2026-03-01")])),
    (PAID, money(Date="2026-04-01", Reference=f"{REFERENCE} ch_1 (of 2026-03-01: locked)")),
    (PAID, money(Amount=Decimal("11.99"))),
    (PAID, money(Account={"Code": "091"})),
    (PAID, money(Invoice={"InvoiceID": "i-2"})),
    (PAID_BACK, money(Invoice=None, CreditNote={"CreditNoteID": "n-2"})),
    (CUSTOMER, person(EmailAddress="other@example.com")),
    (BUYER, person(Name="Anyone")),
]


@pytest.mark.parametrize(("write", "element"), HELD)
def test_what_xero_holds_or_a_person_took_back_is_not_sent_again(write: Write, element: dict[str, Any]) -> None:
    row = restored(write, [element], KNOWN)

    assert row is not None
    assert (row.key, row.version, row.content_hash) == (write.key, write.version, write.content_hash)
    assert "linked" not in row.facts


@pytest.mark.parametrize(("write", "element"), OTHER)
def test_what_xero_holds_otherwise_is_known_by_its_id_alone(write: Write, element: dict[str, Any]) -> None:
    row = restored(write, [element], KNOWN)

    assert row is not None
    assert row.content_hash == UNKNOWN
    assert row.xero_id in {INVOICE, "p-1", CONTACT}


def test_a_due_date_that_is_not_the_stores_counts_as_a_persons() -> None:
    row = restored(SOLD, [sale(DueDate="2026-06-30")], KNOWN)

    assert row is not None
    assert row.facts.get("due", row.facts["date"]) == SOLD.payload["DueDate"] == "2026-03-02"


def test_an_item_with_other_content_is_left_alone() -> None:
    row = restored(PRODUCT, [item(Name="By hand")], KNOWN)

    assert row is not None
    assert row.facts["linked"]


@pytest.mark.parametrize(
    ("write", "elements"),
    [(SOLD, []), (ALLOCATED, [note()]), (ALLOCATED, [note(allocation("5.99"))]), (TAKEN_BACK[0], [note()])],
)
def test_what_xero_has_not_is_not_restored(write: Write, elements: list[dict[str, Any]]) -> None:
    assert restored(write, elements, KNOWN) is None


def test_of_two_payments_the_one_that_counts_is_taken() -> None:
    row = restored(PAID, [money(PaymentID="p-0", Status="DELETED"), money()], KNOWN)

    assert row is not None
    assert (row.xero_id, row.facts["status"]) == ("p-1", "AUTHORISED")


def test_what_the_store_cancelled_and_xero_still_has_is_taken_back_by_the_next_event() -> None:
    allocated, credited = TAKEN_BACK

    rows = [restored(allocated, [note(allocation())], KNOWN), restored(credited, [note()], KNOWN)]

    assert [(row.xero_id, row.content_hash) for row in rows if row] == [("a-1", UNKNOWN), (NOTE, UNKNOWN)]
    assert rows[0] is not None
    assert rows[0].facts["credit_note_id"] == NOTE


def test_of_the_allocations_of_a_refund_that_was_taken_back_the_standing_one_is_known_with_what_it_is_on() -> None:
    allocated, _ = TAKEN_BACK
    deleted = allocation(AllocationID="a-0", Invoice={"InvoiceID": "i-0"}, IsDeleted=True)

    row = restored(allocated, [note(deleted, allocation())], KNOWN)

    assert row is not None
    on = {"credit_note_id": NOTE, "target_id": INVOICE}
    assert (row.xero_id, row.facts) == ("a-1", {"amount": "6.00", **on, "status": "AUTHORISED"})


def test_a_payment_whose_invoice_was_not_found_is_known_by_its_id_alone() -> None:
    row = restored(PAID, [money()], Known({}, frozenset()))

    assert row is not None
    assert row.content_hash == UNKNOWN


def test_the_index_keeps_our_numbers_and_finds_payments_by_our_key() -> None:
    index = Index(["SHOP-I-webshop-", "SHOP-P-webshop-"])
    index.add(Kind.INVOICE, [sale(), sale(), sale(InvoiceNumber="INV-1", InvoiceID="i-9")])
    index.add(Kind.PAYMENT, [money(), money(Reference=f"{REFERENCE}7", PaymentID="p-7"), money(Reference=None)])
    index.add(Kind.CONTACT, [person()])

    assert index.candidates(Kind.INVOICE, NUMBER) == [Candidate(sale(), facts_of(Kind.INVOICE, sale()))]
    assert index.candidates(Kind.INVOICE, "INV-1") == []
    assert [one.element["PaymentID"] for one in index.candidates(Kind.PAYMENT, REFERENCE)] == ["p-1"]
    assert [one.element for one in index.candidates(Kind.CONTACT, "webshop:7")] == [person()]

    index.forget(Kind.PAYMENT, "p-1", REFERENCE)

    assert index.candidates(Kind.PAYMENT, REFERENCE) == []


def test_of_the_lines_the_index_keeps_the_note_that_tells_of_another_date() -> None:
    index = Index(["SHOP-I-webshop-"])
    moved = sale(Date="2026-04-01", LineItems=[{"Description": "Lamp", "LineAmount": 10}, noted("2026-03-02")])
    index.add(Kind.INVOICE, [moved])

    [found] = index.candidates(Kind.INVOICE, NUMBER)

    assert found.element["LineItems"] == [noted("2026-03-02")]


def test_a_payment_on_an_earlier_invoice_of_its_sale_is_the_stores() -> None:
    anew = known(SOLD, "i-2")._replace(number=f"{NUMBER}~2")
    first = {"InvoiceID": INVOICE, "InvoiceNumber": NUMBER}

    rows = [
        restored(PAID, [money(Invoice=first | changes)], Known({SOLD.key: anew}, frozenset()))
        for changes in ({}, {"InvoiceNumber": f"{NUMBER}3"})
    ]

    assert [row.content_hash for row in rows if row] == [PAID.content_hash, UNKNOWN]


def test_only_items_are_found_by_a_number_in_other_case() -> None:
    index = Index(["SHOP-I-webshop-"])
    index.add(Kind.INVOICE, [sale(InvoiceNumber=f"SHOP-I-webshop-{one}", InvoiceID=one) for one in ("4A", "4a")])
    index.add(Kind.CONTACT, [person(ContactNumber="webshop:4A")])
    index.add(Kind.ITEM, [{"ItemID": "t-1", "Code": "Mug"}])

    found = index.candidates(Kind.INVOICE, "SHOP-I-webshop-4a")

    assert [one.element["InvoiceNumber"] for one in found] == ["SHOP-I-webshop-4a"]
    assert index.candidates(Kind.CONTACT, "webshop:4a") == []
    assert len(index.candidates(Kind.ITEM, "MUG")) == 1


def test_of_a_sale_that_was_issued_anew_the_last_invoice_is_taken() -> None:
    index = Index(["SHOP-I-webshop-"])
    index.add(Kind.INVOICE, [sale(), sale(InvoiceNumber=f"{NUMBER}~2", InvoiceID="i-2")])

    row = restored_of(SOLD, index.candidates(Kind.INVOICE, NUMBER), KNOWN)

    assert row is not None
    assert (row.xero_id, row.number, row.content_hash) == ("i-2", f"{NUMBER}~2", SOLD.content_hash)


def test_a_sale_that_goes_back_to_what_was_credited_is_known_by_its_last_invoice() -> None:
    index = Index(["SHOP-I-webshop-"])
    last = sale(InvoiceNumber=f"{NUMBER}~2", InvoiceID="i-2", Total=Decimal("24.00"), TotalTax=Decimal("4.00"))
    index.add(Kind.INVOICE, [sale(), last])

    row = restored_of(SOLD, index.candidates(Kind.INVOICE, NUMBER), KNOWN)

    assert row is not None
    assert (row.xero_id, row.content_hash) == ("i-2", UNKNOWN)


def test_the_cases_are_of_one_sale() -> None:
    assert SOLD.number == NUMBER
    assert PAID.parent == SOLD.key == DocumentKey("main", "webshop", "invoice", SALE["invoice_id"], "invoice")
