"""What it takes to credit a paid sale whole and issue it anew: the same documents however often it is begun."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.entities import Entity
from tests.support.mapping_cases import event, invoice, line, writes
from worker.documents.content import XeroId
from worker.documents.documents import Kind, Write
from worker.ledger.records import Document
from worker.xero.changes.reissue import BEGUN, Reissue, neighbours, parts, reissue
from worker.xero.sameness import totals_of

NUMBER = "SHOP-I-webshop-100000012"
_, SOLD = writes(event(Entity.INVOICE, invoice(line("20.00", "4.00", tax_rate="20"))))
OLD = Document(SOLD.key, Kind.INVOICE, "i-1", NUMBER, SOLD.version - timedelta(hours=1), "x")
LINE = {
    "LineItemID": "l-1",
    "Description": "Mug",
    "Quantity": Decimal(1),
    "UnitAmount": Decimal("10.00"),
    "LineAmount": Decimal("10.00"),
    "AccountCode": "200",
    "TaxType": "OUTPUT2",
    "TaxAmount": Decimal("2.00"),
    "Tracking": [{"Name": "Shop", "Option": "Web", "TrackingCategoryID": "t-1"}],
}


def theirs(due: str = "0.00", **changes: Any) -> dict[str, Any]:
    """The sale of 12.00 as Xero shows it."""
    head = {"InvoiceID": "i-1", "CurrencyCode": "GBP", "LineAmountTypes": "Exclusive", "Contact": {"ContactID": "c-1"}}
    return {**head, "Total": Decimal("12.00"), "AmountDue": Decimal(due), "LineItems": [LINE], **changes}


def planned(write: Write, shown: dict[str, Any], document: Document = OLD, made: Document | None = None) -> Reissue:
    found = reissue(write, document, shown, made)
    assert found is not None
    return found


def documents(plan: Reissue) -> list[Write]:
    return [plan.credit_note, plan.invoice, *plan.allocations]


def amounts(plan: Reissue) -> list[tuple[str, Decimal]]:
    """Where the credit goes, by the part of the sale."""
    return [(one.payload["Invoice"]["InvoiceID"].key.part, Decimal(one.payload["Amount"])) for one in plan.allocations]


def test_the_credit_note_takes_back_all_that_xero_shows_line_by_line() -> None:
    credit = planned(SOLD, theirs(CurrencyRate=Decimal("1.1"))).credit_note

    assert (credit.number, credit.payload["Type"]) == (f"{NUMBER}~1", "ACCRECCREDIT")
    assert (credit.payload["CurrencyRate"], credit.payload["Date"]) == (Decimal("1.1"), SOLD.payload["Date"])
    [row] = credit.payload["LineItems"]
    assert {**row, "LineItemID": "l-1"} == {**LINE, "Tracking": [{"Name": "Shop", "Option": "Web"}]}
    assert totals_of(credit.payload) == (Decimal("12.00"), Decimal("2.00"))


@pytest.mark.parametrize("discount", [{"DiscountRate": Decimal(50)}, {"DiscountAmount": Decimal("10.00")}])
def test_a_discount_of_an_earlier_connectors_is_credited_as_what_was_left_after_it(discount: dict[str, Any]) -> None:
    """Xero takes no discounts on credit notes."""
    discounted = LINE | {"Quantity": Decimal(4), "UnitAmount": Decimal("5.00")} | discount

    credit = planned(SOLD, theirs(LineItems=[discounted])).credit_note

    [row] = credit.payload["LineItems"]
    assert (row["Quantity"], row["UnitAmount"], row["LineAmount"]) == (1, Decimal("10.00"), Decimal("10.00"))
    assert not discount.keys() & row.keys()
    assert totals_of(credit.payload) == (Decimal("12.00"), Decimal("2.00"))


def test_the_new_invoice_is_the_stores_under_the_next_number_for_the_same_contact() -> None:
    new = planned(SOLD, theirs()).invoice

    assert (new.number, new.payload["InvoiceNumber"]) == (f"{NUMBER}~2", f"{NUMBER}~2")
    assert new.payload["Contact"] == {"ContactID": "c-1"}
    assert new.payload["LineItems"] == SOLD.payload["LineItems"]
    assert new.content_hash == SOLD.content_hash


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("0.00", [("invoice~2", Decimal("12.00"))]),
        ("7.00", [("invoice", Decimal("7.00")), ("invoice~2", Decimal("5.00"))]),
    ],
)
def test_what_was_paid_goes_to_the_new_invoice(due: str, expected: list[tuple[str, Decimal]]) -> None:
    assert amounts(planned(SOLD, theirs(due))) == expected


def test_no_more_is_set_against_the_new_invoice_than_it_is_of() -> None:
    _, smaller = writes(event(Entity.INVOICE, invoice(line("5.00", "1.00", tax_rate="20"))))

    assert amounts(planned(smaller, theirs())) == [("invoice~2", Decimal("6.00"))]


def test_a_new_invoice_that_is_there_already_says_what_it_takes() -> None:
    made = OLD._replace(facts={"total": "9.00"})

    assert amounts(planned(SOLD, theirs(), made=made)) == [("invoice~2", Decimal("9.00"))]


@given(paid=st.integers(1, 1200))
def test_whoever_begins_again_after_the_first_allocation_plans_the_same(paid: int) -> None:
    due = Decimal(1200 - paid) / 100
    before = theirs(str(due))
    after = theirs("0.00", CreditNotes=[{"CreditNoteNumber": f"{NUMBER}~1", "AppliedAmount": due}])

    assert _planned(before) == _planned(after)


def test_what_does_not_add_up_is_not_credited() -> None:
    assert reissue(SOLD, OLD, theirs(Total=Decimal("12.01"))) is None


def test_a_sale_in_another_currency_takes_no_credit_of_the_old_one() -> None:
    assert reissue(SOLD, OLD, theirs(CurrencyCode="EUR")) is None


def test_the_next_time_counts_on() -> None:
    again = planned(SOLD, theirs(), OLD._replace(number=f"{NUMBER}~2"))

    assert [again.credit_note.number, again.invoice.number] == [f"{NUMBER}~3", f"{NUMBER}~4"]
    assert [one.key.part for one in documents(again)] == ["credit_note~3", "invoice~4", "allocation~3/2"]


@pytest.mark.parametrize(
    ("number", "last", "times"), [("", "~8", 4), ("", "~10", 5), ("~1020", "~1028", 4), ("~1020", "~1030", 5)]
)
def test_no_sale_is_issued_anew_more_than_five_times(number: str, last: str, times: int) -> None:
    write = SOLD._replace(number=f"{NUMBER}{number}")
    document = OLD._replace(number=f"{NUMBER}{last}")

    anew, goes_on = (reissue(write, one, theirs()) for one in (document, document._replace(content_hash=BEGUN)))

    assert (anew is None) == (times == 5)
    assert goes_on is not None


def test_every_allocation_waits_for_both_of_its_documents() -> None:
    plan = planned(SOLD, theirs("7.00"))

    first, second = plan.allocations
    assert first.payload["CreditNote"] == {"CreditNoteID": XeroId(plan.credit_note.key)}
    assert first.needs == {plan.credit_note.key, SOLD.key}
    assert second.needs == {plan.credit_note.key, plan.invoice.key}


@pytest.mark.parametrize(
    ("number", "expected"), [("A-1~1", ("A-1", "A-1~2")), ("A-1~3", ("A-1~2", "A-1~4")), ("A-1", None), ("A~x", None)]
)
def test_a_credit_note_stands_between_two_invoices(number: str, expected: tuple[str, str] | None) -> None:
    assert neighbours(number) == expected
    assert parts("A-1~12") == ("A-1", 12)


def _planned(shown: dict[str, Any]) -> list[tuple[Kind, str, str, str]]:
    return [_named(one) for one in documents(planned(SOLD, shown))]


def _named(write: Write) -> tuple[Kind, str, str, str]:
    return write.kind, write.key.part, write.number, write.content_hash
