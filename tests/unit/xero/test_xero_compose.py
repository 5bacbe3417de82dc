from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.support.xero_fakes import V1, V2, changed, document_of, key_of, known_of, saying, write_of
from worker.documents.content import ItemCode, XeroId
from worker.documents.documents import Action, Kind
from worker.ledger.records import Composed
from worker.xero.compose import MAX_BODY_BYTES, compose

INVOICE = write_of(Kind.INVOICE, "1", {"Type": "ACCREC", "LineItems": []})
CONTACT = write_of(Kind.CONTACT, "7", {"Name": "Ann"}, number="shop:7")


def body_of(composed: Composed) -> Any:
    return json.loads(composed.body, parse_float=Decimal)


@pytest.mark.parametrize(
    ("kind", "path", "params"),
    [
        (Kind.CONTACT, "/Contacts", {"summarizeErrors": "false"}),
        (Kind.ITEM, "/Items", {"summarizeErrors": "false", "unitdp": "4"}),
        (Kind.INVOICE, "/Invoices", {"summarizeErrors": "false", "unitdp": "4"}),
        (Kind.CREDIT_NOTE, "/CreditNotes", {"summarizeErrors": "false", "unitdp": "4"}),
        (Kind.PAYMENT, "/Payments", {"summarizeErrors": "false"}),
    ],
)
def test_what_the_ledger_lacks_is_created_with_put(kind: Kind, path: str, params: dict[str, str]) -> None:
    write = write_of(kind, "1", {"Name": "n"})

    composed = compose([write], known_of())

    assert (composed.method, composed.path, composed.params) == ("PUT", path, params)
    assert list(body_of(composed)) == [path[1:]]
    assert [m.key for m in composed.members] == [write.key]
    assert composed.members[0].xero_id is None


@pytest.mark.parametrize(
    ("kind", "id_field"),
    [
        (Kind.CONTACT, "ContactID"),
        (Kind.ITEM, "ItemID"),
        (Kind.INVOICE, "InvoiceID"),
        (Kind.CREDIT_NOTE, "CreditNoteID"),
    ],
)
def test_what_the_ledger_has_is_updated_by_id_with_post(kind: Kind, id_field: str) -> None:
    old = write_of(kind, "1", {"Name": "n"})
    new = changed(old, version=V2)

    composed = compose([new], known_of(document_of(old, xero_id="x-1")))

    assert composed.method == "POST"
    (element,) = next(iter(body_of(composed).values()))
    assert element[id_field] == "x-1"
    assert composed.members[0].xero_id == "x-1"


@pytest.mark.parametrize(
    ("version", "same", "settled"),
    [
        (V2, True, True),
        (V1, True, True),
        (V1, False, False),
        (V2, False, False),
        (V1.replace(year=2025), False, True),
        (V1.replace(year=2025), True, True),
    ],
)
def test_what_is_written_or_older_needs_no_call(version: Any, same: bool, settled: bool) -> None:
    known = known_of(document_of(INVOICE))
    write = INVOICE._replace(version=version) if same else changed(INVOICE, version=version)

    composed = compose([write], known)

    assert (composed.settled == (write,)) is settled
    assert (len(composed.members) == 0) is settled


def test_a_contact_from_a_sale_is_written_only_where_none_is() -> None:
    from_sale = changed(CONTACT, version=V2, only_if_absent=True)

    there = compose([from_sale], known_of(document_of(CONTACT)))
    absent = compose([from_sale], known_of())

    assert there.settled == (from_sale,)
    assert [m.key for m in absent.members] == [CONTACT.key]


def test_places_are_filled_and_unknown_items_left_out() -> None:
    lines = [{"ItemCode": ItemCode("A"), "Quantity": 1}, {"ItemCode": ItemCode("B"), "Quantity": 2}]
    sale = write_of(Kind.INVOICE, "1", {"Contact": {"ContactID": XeroId(CONTACT.key)}, "LineItems": lines})

    composed = compose([sale], known_of(document_of(CONTACT, xero_id="c-7"), item_codes=frozenset("A")))

    (element,) = body_of(composed)["Invoices"]
    assert element["Contact"] == {"ContactID": "c-7"}
    assert element["LineItems"] == [{"ItemCode": "A", "Quantity": 1}, {"Quantity": 2}]
    assert element["InvoiceNumber"] == "invoice-1"


def test_a_write_whose_needs_are_missing_is_left_over() -> None:
    missing = key_of(Kind.CONTACT, "9")
    payload = {"Contact": {"ContactID": XeroId(missing)}}
    waiting = write_of(Kind.INVOICE, "2", payload)

    composed = compose([waiting, INVOICE], known_of())

    assert composed.leftover == (waiting,)
    assert [m.key for m in composed.members] == [INVOICE.key]


def test_the_first_write_decides_and_the_others_are_left_over() -> None:
    known = known_of(document_of(INVOICE))
    update = changed(INVOICE, version=V2)
    creation = write_of(Kind.INVOICE, "2")

    first = compose([creation, update, CONTACT], known)
    second = compose([update, creation], known)

    assert (first.method, first.leftover) == ("PUT", (update, CONTACT))
    assert (second.method, second.leftover) == ("POST", (creation,))
    assert not first.is_full


def test_at_most_50_documents_a_call() -> None:
    writes = [write_of(Kind.INVOICE, str(n)) for n in range(60)]

    composed = compose(writes, known_of())

    assert (len(composed.members), composed.is_full) == (50, True)
    assert composed.leftover == tuple(writes[50:])


def test_a_body_stays_below_the_limit_and_one_big_document_still_goes() -> None:
    big = {"Description": "x" * 1_500_000}
    writes = [write_of(Kind.INVOICE, str(n), big) for n in range(3)]
    huge = write_of(Kind.INVOICE, "9", {"Description": "x" * 4_000_000})

    composed = compose(writes, known_of())
    alone = compose([huge, *writes], known_of())

    assert (len(composed.members), composed.is_full) == (2, True)
    assert len(composed.body) <= MAX_BODY_BYTES
    assert [m.key for m in alone.members] == [huge.key]


def test_one_number_never_goes_twice_in_a_call() -> None:
    twin = write_of(Kind.INVOICE, "2", number=INVOICE.number)

    composed = compose([INVOICE, INVOICE._replace(version=V2), twin], known_of())

    assert len(composed.members) == 1
    assert len(composed.leftover) == 2


@pytest.mark.parametrize(
    ("status", "asked"), [("AUTHORISED", "VOIDED"), ("DRAFT", "DELETED"), ("SUBMITTED", "DELETED")]
)
def test_an_invoice_is_voided_and_a_draft_deleted(status: str, asked: str) -> None:
    void = INVOICE._replace(version=V2, action=Action.VOID)

    composed = compose([void], known_of(document_of(INVOICE, xero_id="i-1", facts={"status": status})))

    assert (composed.method, composed.path) == ("POST", "/Invoices")
    assert body_of(composed)["Invoices"] == [{"InvoiceID": "i-1", "Status": asked}]


def test_a_payment_is_deleted_by_its_id_one_per_call() -> None:
    payments = [write_of(Kind.PAYMENT, str(n)) for n in (1, 2)]
    voids = [p._replace(version=V2, action=Action.VOID) for p in payments]

    composed = compose(voids, known_of(*(document_of(p, xero_id=f"p-{p.key.entity_id}") for p in payments)))

    assert (composed.method, composed.path, composed.params) == ("POST", "/Payments/p-1", {})
    assert body_of(composed) == {"Status": "DELETED"}
    assert (composed.leftover, composed.is_full) == ((voids[1],), True)


@pytest.mark.parametrize("kind", list(Kind))
def test_voiding_what_is_not_there_needs_no_call(kind: Kind) -> None:
    void = write_of(kind, "1", action=Action.VOID)

    composed = compose([void], known_of())

    assert composed.settled == (void,)


@pytest.mark.parametrize("kind", [Kind.CONTACT, Kind.ITEM])
def test_contacts_and_items_are_never_voided(kind: Kind) -> None:
    write = write_of(kind, "1")
    void = write._replace(version=V2, action=Action.VOID)

    assert compose([void], known_of(document_of(write))).settled == (void,)


def test_what_is_void_already_needs_no_call_and_an_older_void_neither() -> None:
    void = INVOICE._replace(version=V2, action=Action.VOID)
    gone = known_of(document_of(INVOICE, facts={"status": "VOIDED"}))
    newer = known_of(document_of(INVOICE, version=V2.replace(year=2027)))

    assert compose([void], gone).settled == (void,)
    assert compose([void], newer).settled == (void,)


def test_a_deleted_payment_makes_room_for_a_new_one_and_a_standing_one_stays() -> None:
    payment = write_of(Kind.PAYMENT, "1", {"Amount": Decimal("5.00")})
    later = changed(payment, version=V2)

    after_deletion = compose([later], known_of(document_of(payment, facts={"status": "DELETED"})))
    standing = compose([later], known_of(document_of(payment, facts={"status": "AUTHORISED"})))

    assert (after_deletion.method, after_deletion.path) == ("PUT", "/Payments")
    assert after_deletion.members[0].xero_id is None
    assert standing.settled == (later,)


def test_an_item_that_a_person_made_is_left_alone() -> None:
    item = write_of(Kind.ITEM, "A")
    later = changed(item, version=V2)

    assert compose([later], known_of(document_of(item, facts={"linked": True}))).settled == (later,)


def test_a_name_that_needed_its_suffix_keeps_it() -> None:
    same_name = saying(CONTACT, {"Name": "Ann", "EmailAddress": "a@b.example"}, version=V2)
    renamed = saying(CONTACT, {"Name": "Anna"}, version=V2)
    known = known_of(document_of(CONTACT, facts={"name": "Ann (7)"}))

    assert body_of(compose([same_name], known))["Contacts"][0]["Name"] == "Ann (7)"
    assert body_of(compose([renamed], known))["Contacts"][0]["Name"] == "Anna"


def allocation(entity_id: str, note: str, invoice: str) -> Any:
    """As the mapping gives it: the credit note beside the invoice, both as places."""
    note_key, invoice_key = key_of(Kind.CREDIT_NOTE, note), key_of(Kind.INVOICE, invoice)
    payload = {
        "Amount": Decimal("5.00"),
        "Date": "2026-03-01",
        "Invoice": {"InvoiceID": XeroId(invoice_key)},
        "CreditNote": {"CreditNoteID": XeroId(note_key)},
    }
    key = key_of(Kind.ALLOCATION, entity_id, "allocation/1")
    return write_of(Kind.ALLOCATION, entity_id, payload, key=key)


def test_allocations_of_one_credit_note_share_a_call() -> None:
    first, second, other = allocation("1", "1", "1"), allocation("2", "1", "2"), allocation("3", "3", "1")
    notes = [document_of(write_of(Kind.CREDIT_NOTE, n), xero_id=f"n-{n}") for n in "13"]
    invoices = [document_of(write_of(Kind.INVOICE, n), xero_id=f"i-{n}") for n in "12"]

    composed = compose([first, second, other], known_of(*notes, *invoices))

    assert (composed.method, composed.path) == ("PUT", "/CreditNotes/n-1/Allocations")
    assert body_of(composed)["Allocations"] == [
        {"Amount": Decimal("5.00"), "Date": "2026-03-01", "Invoice": {"InvoiceID": "i-1"}},
        {"Amount": Decimal("5.00"), "Date": "2026-03-01", "Invoice": {"InvoiceID": "i-2"}},
    ]
    assert composed.members[0].element["CreditNote"] == {"CreditNoteID": "n-1"}
    assert (composed.leftover, composed.is_full) == ((other,), True)


def test_an_allocation_is_deleted_under_its_credit_note() -> None:
    write = allocation("1", "1", "1")
    void = write._replace(version=V2, action=Action.VOID)
    facts = {"credit_note_id": "n-1", "status": "AUTHORISED"}

    composed = compose([void], known_of(document_of(write, xero_id="a-1", facts=facts)))

    assert (composed.method, composed.path) == ("DELETE", "/CreditNotes/n-1/Allocations/a-1")
    assert composed.body == b""


def test_without_anything_to_send_there_is_no_call() -> None:
    composed = compose([INVOICE], known_of(document_of(INVOICE)))

    assert composed.members == ()
    assert composed.method == ""


def test_a_full_call_goes_before_an_older_write_of_another_route() -> None:
    known = known_of(document_of(INVOICE))
    update = changed(INVOICE, version=V2)
    creations = [write_of(Kind.INVOICE, str(n)) for n in range(2, 60)]

    full = compose([update, *creations], known)
    few = compose([update, *creations[:40]], known)

    assert (full.method, len(full.members), full.leftover[0]) == ("PUT", 50, update)
    assert (few.method, len(few.members)) == ("POST", 1)
