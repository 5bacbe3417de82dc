"""Money that the store takes back after its sale was issued anew: where Xero shows it, and what a person has to do."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import VERSION, key, removed, writes
from worker.documents.documents import Kind, Write
from worker.ledger.records import Document, Known
from worker.xero.changes.taken_back import by_hand, stands_on
from worker.xero.compose import compose
from worker.xero.looks import places_of
from worker.xero.readings import Readings

PAYMENT = Document(key("payment", "51", "payment/1"), Kind.PAYMENT, "p-1", "P-51 ch_1", VERSION, "x")
CREDIT = Document(
    key("credit_memo", "41", "allocation/1"), Kind.ALLOCATION, "a-1", "", VERSION, "x", {"credit_note_id": "n-1"}
)
ON_OLD = {"Invoice": {"InvoiceID": "i-1", "InvoiceNumber": "A-1"}}


def taken_back(document: Document) -> Write:
    """The write that deletes it."""
    event = removed(Entity(document.key.entity), document.key.entity_id)
    return next(write for write in writes(event) if write.kind is document.kind)


@pytest.mark.parametrize(
    ("document", "shown", "expected"),
    [
        (PAYMENT, {"PaymentID": "P-1", "Status": "AUTHORISED", **ON_OLD}, "A-1"),
        (PAYMENT, {"PaymentID": "p-1", "Status": "DELETED", **ON_OLD}, ""),
        (PAYMENT, {"PaymentID": "p-2", "Status": "AUTHORISED", **ON_OLD}, ""),
        (PAYMENT, {"PaymentID": "p-1", "Status": "AUTHORISED", "CreditNote": {"CreditNoteID": "n-1"}}, ""),
        (CREDIT, {"CreditNoteID": "N-1", "Allocations": [{"AllocationID": "a-1", **ON_OLD}]}, "A-1"),
        (
            CREDIT._replace(xero_id=""),
            {"CreditNoteID": "n-1", "Allocations": [{"AllocationID": "a-1", **ON_OLD}]},
            "A-1",
        ),
        (CREDIT, {"CreditNoteID": "n-1", "Allocations": [{"AllocationID": "a-1", "IsDeleted": True, **ON_OLD}]}, ""),
        (CREDIT, {"CreditNoteID": "n-1", "Allocations": [{"AllocationID": "a-2", **ON_OLD}]}, ""),
        (CREDIT, {"CreditNoteID": "n-1"}, ""),
    ],
)
def test_money_is_on_the_invoice_that_xero_shows_it_on(
    document: Document, shown: dict[str, Any], expected: str
) -> None:
    assert stands_on(document, [shown]) == expected


def test_each_credit_note_since_goes_back_to_the_invoice_that_it_takes_back() -> None:
    detail, hint = by_hand(PAYMENT, "A-1", "A-1~4")

    assert detail == "it is on A-1, which was issued anew as A-1~4 since; nothing was deleted"
    assert hint == (
        "in xero, delete the payment; then take credit note A-1~1 off A-1~2, set it against A-1 and what is left "
        "against A-1~2; then take credit note A-1~3 off A-1~4, set it against A-1~2 and what is left against A-1~4; "
        "then retry"
    )


def test_of_a_credit_memo_it_is_the_credit_that_has_to_go() -> None:
    _, hint = by_hand(CREDIT, "A-1~2", "A-1~4")

    assert hint == (
        "in xero, take its credit off A-1~2; then take credit note A-1~3 off A-1~4, set it against A-1~2 and what is "
        "left against A-1~4; then retry"
    )


@pytest.mark.parametrize(
    ("document", "path", "asked"),
    [(PAYMENT, "/Payments", 'Reference=="P-51 ch_1"'), (CREDIT, "/CreditNotes/n-1", None)],
)
def test_xero_is_asked_for_the_payment_or_for_the_credit_note(document: Document, path: str, asked: str | None) -> None:
    [reading] = places_of(document.kind, [taken_back(document)], {document.key: document})

    assert (reading.path, reading.params.get("where")) == (path, asked)


@pytest.mark.parametrize("document", [PAYMENT, CREDIT])
def test_only_where_sales_are_issued_anew_a_deletion_is_looked_at_before(document: Document) -> None:
    write, known = taken_back(document), Known({document.key: document}, frozenset())

    assert compose([write], known, Readings(reissues=True)).unread == (write,)
    assert compose([write], known, Readings(reissues=True, elements={write.key: None})).unread == ()
    assert compose([write], known, Readings()).unread == ()
