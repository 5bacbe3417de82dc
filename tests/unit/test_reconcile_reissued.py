"""A sale that was credited whole and issued anew is compared by what came of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.reconcile_cases import DAY, LATER, amount, found, payment, sale
from worker.documents import Kind
from worker.reconcile.compare import Field, Finding
from worker.reconcile.entries import Entry

REPLACED = "credits I-shop-1, which was issued anew as I-shop-1~2"


def test_a_sale_that_was_issued_anew_is_compared_by_what_came_of_it() -> None:
    old, new = sale(status="PAID"), sale("I-shop-1~2", amount("20.00", "4.00"))
    credit = sale("I-shop-1~1", kind=Kind.CREDIT_NOTE, status="PAID")

    result = found([sale("I-shop-1", amount("20.00", "4.00")), payment()], [old, credit, new, payment()])

    assert result.differences == ()
    assert result.equal == 2
    assert all(row.difference == 0 for row in result.sums)


def test_an_invoice_that_was_not_credited_whole_counts_beside_the_new_one() -> None:
    credit = sale("I-shop-1~1", amount("9.00", "1.80"), kind=Kind.CREDIT_NOTE)

    result = found([sale()], [sale(), credit, sale("I-shop-1~2")])

    assert {(one.finding, one.number) for one in result.differences} == {
        (Finding.EXTRA, "I-shop-1~1"),
        (Finding.EXTRA, "I-shop-1~2"),
    }


@pytest.mark.parametrize(
    ("theirs", "finding", "detail", "cents"),
    [
        (sale(status="PAID"), Finding.DIFFERENT, "issued anew as I-shop-1~2", -1200),
        (sale("I-shop-1~1", kind=Kind.CREDIT_NOTE), Finding.EXTRA, REPLACED, 1200),
    ],
    ids=["the old invoice", "its credit note"],
)
def test_half_of_a_re_issue_says_what_became_of_the_sale(
    theirs: Entry, finding: Finding, detail: str, cents: int
) -> None:
    day = DAY if theirs.kind is Kind.INVOICE else LATER

    result = found([sale("I-shop-1", amount("20.00", "4.00"), alias="I-shop-1~2", day=day)], [theirs])

    [difference] = result.differences
    assert (difference.finding, difference.detail, difference.cents) == (finding, detail, cents)


def test_the_last_invoice_of_a_sale_is_compared_whatever_else_stands_of_it() -> None:
    last = amount("20.00", "4.00")

    result = found([sale("I-shop-1", last, alias="I-shop-1~4")], [sale(), sale("I-shop-1~2"), sale("I-shop-1~4", last)])

    assert result.equal == 1
    assert [(one.finding, one.number, one.detail) for one in result.differences] == [
        (Finding.EXTRA, "I-shop-1", "issued anew as I-shop-1~4"),
        (Finding.EXTRA, "I-shop-1~2", "issued anew as I-shop-1~4"),
    ]


@pytest.mark.parametrize(
    ("left", "due", "fields"),
    [
        ("12.00", "24.00", [(Field("allocated", "12.00", "0.00", -1200),)]),
        ("12.00", "5.00", [(Field("allocated", "5.00", "0.00", -500),)]),
        ("12.00", "0.00", []),
        ("0.00", "12.00", []),
    ],
    ids=["nothing of it", "more than is due", "all that is due", "all of it"],
)
def test_credit_that_is_not_set_against_the_new_invoice_is_told(
    left: str, due: str, fields: list[tuple[Field, ...]]
) -> None:
    credit = sale("I-shop-1~1", kind=Kind.CREDIT_NOTE, open=Decimal(left))
    new = sale("I-shop-1~2", amount("20.00", "4.00"), open=Decimal(due))

    result = found([sale("I-shop-1", amount("20.00", "4.00"))], [sale(status="PAID"), credit, new])

    assert [one.fields for one in result.differences] == fields
    assert result.equal == 1
