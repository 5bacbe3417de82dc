"""A re-issue that was stopped in the middle is gone on with, though the ledger that knew of it is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import event, invoice, line, writes
from worker.documents.documents import Kind
from worker.ledger.records import Document, Known
from worker.rebuild.index import Index
from worker.rebuild.restoring import UNKNOWN, as_begun
from worker.xero.changes.reissue import BEGUN

NUMBER = "SHOP-I-webshop-100000012"
BUYER, SOLD = writes(event(Entity.INVOICE, invoice(line("20.00", "4.00", tax_rate="20"))))
KNOWN = Known({BUYER.key: Document(BUYER.key, Kind.CONTACT, "c-1", "webshop:7", BUYER.version, "x")}, frozenset())


def shown(number: str, total: str, **changes: Any) -> dict[str, Any]:
    sums = {"Total": Decimal(total), "TotalTax": Decimal(total) / 6, "AmountDue": Decimal(0)}
    names = {"InvoiceID": f"i-{number}", "InvoiceNumber": number, "Type": "ACCREC", "Contact": {"ContactID": "c-1"}}
    return {**names, **sums, "Status": "AUTHORISED", "CurrencyCode": "GBP", "Date": "2026-03-02", **changes}


def note(left: str, place: int = 1, **changes: Any) -> dict[str, Any]:
    named = {"CreditNoteID": f"n-{place}", "CreditNoteNumber": f"{NUMBER}~{place}", "Type": "ACCRECCREDIT"}
    return {**named, "Status": "AUTHORISED", "Total": Decimal(12), "RemainingCredit": Decimal(left), **changes}


def index_of(*, left: str, due: str, total: str = "24.00") -> Index:
    index = Index(["SHOP-I-webshop-"])
    index.add(Kind.INVOICE, [shown(NUMBER, "12.00"), shown(f"{NUMBER}~2", total, AmountDue=Decimal(due))])
    index.add(Kind.CREDIT_NOTE, [note(left)])
    return index


@pytest.mark.parametrize(("total", "content"), [("24.00", SOLD.content_hash), ("30.00", UNKNOWN)])
def test_what_was_made_for_it_is_kept_and_the_sale_goes_on_from_its_old_invoice(total: str, content: str) -> None:
    begun = index_of(left="12.00", due=total, total=total).unfinished(NUMBER)

    assert begun is not None
    rows = as_begun(SOLD, begun, KNOWN)
    assert [(row.key.part, row.xero_id, row.number) for row in rows] == [
        ("invoice", f"i-{NUMBER}", NUMBER),
        ("credit_note~1", "n-1", f"{NUMBER}~1"),
        ("invoice~2", f"i-{NUMBER}~2", f"{NUMBER}~2"),
    ]
    assert [row.content_hash for row in rows] == [BEGUN, UNKNOWN, content]


@pytest.mark.parametrize(
    ("left", "due"), [("0.00", "12.00"), ("6.00", "0.00")], ids=["all is set", "more than the new invoice takes"]
)
def test_one_that_is_done_is_not_begun_again(left: str, due: str) -> None:
    assert index_of(left=left, due=due).unfinished(NUMBER) is None


@pytest.mark.parametrize("place", [0, 2], ids=["the first", "the second"])
def test_one_that_has_no_new_invoice_yet_goes_on_from_its_old_one_whatever_the_store_says_now(place: int) -> None:
    old = f"{NUMBER}~{place}" if place else NUMBER
    index = Index(["SHOP-I-webshop-"])
    index.add(Kind.INVOICE, [shown(NUMBER, "12.00"), shown(old, "24.00", Status="PAID")])
    index.add(Kind.CREDIT_NOTE, [note("0.00"), note("24.00", place + 1)])

    begun = index.unfinished(NUMBER)

    assert begun is not None
    rows = as_begun(SOLD, begun, KNOWN)
    assert [(row.key.part, row.xero_id, row.number, row.content_hash) for row in rows] == [
        ("invoice", f"i-{old}", old, BEGUN),
        (f"credit_note~{place + 1}", f"n-{place + 1}", f"{NUMBER}~{place + 1}", UNKNOWN),
    ]


@pytest.mark.parametrize(
    ("sale", "credit"), [("VOIDED", "AUTHORISED"), ("PAID", "VOIDED")], ids=["the invoice", "the credit note"]
)
def test_one_of_which_a_person_took_back_what_there_was_is_not_begun_again(sale: str, credit: str) -> None:
    index = Index(["SHOP-I-webshop-"])
    index.add(Kind.INVOICE, [shown(NUMBER, "12.00", Status=sale)])
    index.add(Kind.CREDIT_NOTE, [note("12.00", Status=credit)])

    assert index.unfinished(NUMBER) is None


def test_a_sale_that_was_never_issued_anew_is_none() -> None:
    index = Index(["SHOP-I-webshop-"])
    index.add(Kind.INVOICE, [shown(NUMBER, "12.00", AmountDue=Decimal(12))])

    assert index.unfinished(NUMBER) is None
    assert index.unfinished("SHOP-I-webshop-100000013") is None
