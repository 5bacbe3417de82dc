"""A sale that was credited whole and issued anew is compared by what came of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.support.reconcile_cases import DAY, LATER, amount, found, payment, sale
from worker.documents.documents import Kind
from worker.reconcile.compare import Finding
from worker.reconcile.entries import Entry
from worker.reconcile.fields import Field

NUMBERS = pytest.mark.parametrize("number", ["I-shop-1", "OLD-1"], ids=["our own", "adopted"])


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


def test_an_invoice_whose_credit_was_voided_counts_beside_the_new_one() -> None:
    last = amount("20.00", "4.00")
    credit = sale("I-shop-1~1", kind=Kind.CREDIT_NOTE, status="VOIDED")

    result = found([sale("I-shop-1", last, alias="I-shop-1~2")], [sale(), credit, sale("I-shop-1~2", last)])

    assert [(one.number, one.detail) for one in result.differences] == [("I-shop-1", "issued anew as I-shop-1~2")]


def test_an_earlier_invoice_that_was_voided_does_not_count() -> None:
    last = amount("20.00", "4.00")

    result = found([sale("I-shop-1", last, alias="I-shop-1~2")], [sale(status="VOIDED"), sale("I-shop-1~2", last)])

    assert result.differences == ()
    assert result.equal == 1


@NUMBERS
@pytest.mark.parametrize(
    ("theirs", "finding", "detail", "cents"),
    [
        (sale(status="PAID"), Finding.DIFFERENT, "issued anew as {}~2", -1200),
        (sale(kind=Kind.CREDIT_NOTE), Finding.EXTRA, "credits {0}, which was issued anew as {0}~2", 1200),
    ],
    ids=["the old invoice", "its credit note"],
)
def test_half_of_a_re_issue_says_what_became_of_the_sale(
    number: str, theirs: Entry, finding: Finding, detail: str, cents: int
) -> None:
    is_old = theirs.kind is Kind.INVOICE
    wanted = sale("I-shop-1", amount("20.00", "4.00"), alias=f"{number}~2", day=DAY if is_old else LATER)

    result = found([wanted], [replace(theirs, number=number if is_old else f"{number}~1")])

    [difference] = result.differences
    assert (difference.finding, difference.detail, difference.cents) == (finding, detail.format(number), cents)


def test_half_of_a_re_issue_of_a_sale_of_another_day_is_all_too_much() -> None:
    wanted = sale("I-shop-1", amount("20.00", "4.00"), alias="I-shop-1~2", day=LATER)

    result = found([wanted], [sale(status="PAID")])

    assert [(one.detail, one.cents) for one in result.differences] == [("issued anew as I-shop-1~2", 1200)]
    assert sum(row.difference for row in result.sums if row.by == "day") == 12


def test_a_sale_of_its_own_number_is_not_taken_for_what_another_one_began_with() -> None:
    """An earlier connector may number as re-issues are numbered."""
    adopted = [sale("I-shop-1", alias="OLD-1"), sale("I-shop-2", alias="OLD-1~2")]

    for wanted in (adopted, adopted[::-1]):
        result = found(wanted, [sale("OLD-1"), sale("OLD-1~2")])

        assert result.differences == ()
        assert result.equal == 2


@NUMBERS
def test_the_last_invoice_of_a_sale_is_compared_whatever_else_stands_of_it(number: str) -> None:
    last = amount("20.00", "4.00")

    wanted = sale("I-shop-1", last, alias=f"{number}~4")

    result = found([wanted], [sale(number), sale(f"{number}~2"), sale(f"{number}~4", last)])

    assert result.equal == 1
    assert [(one.finding, one.number, one.detail) for one in result.differences] == [
        (Finding.EXTRA, number, f"issued anew as {number}~4"),
        (Finding.EXTRA, f"{number}~2", f"issued anew as {number}~4"),
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


@pytest.mark.parametrize(
    ("left", "due", "told"),
    [
        (("6.00", "0.00"), "18.00", [("I-shop-1~1", "6.00")]),
        (("6.00", "2.00"), "7.00", [("I-shop-1~1", "6.00"), ("I-shop-1~3", "1.00")]),
        (("6.00", "0.00"), "0.00", []),
    ],
    ids=["of a cheaper version", "of both", "nothing is due"],
)
def test_credit_that_a_cheaper_version_left_is_told_where_a_later_invoice_is_due(
    left: tuple[str, str], due: str, told: list[tuple[str, str]]
) -> None:
    cheaper, dearer = amount("5.00", "1.00"), amount("20.00", "4.00")
    first = [sale(status="PAID"), sale("I-shop-1~1", kind=Kind.CREDIT_NOTE, open=Decimal(left[0]))]
    second = [sale("I-shop-1~2", cheaper), sale("I-shop-1~3", cheaper, kind=Kind.CREDIT_NOTE, open=Decimal(left[1]))]
    last = sale("I-shop-1~4", dearer, open=Decimal(due))

    result = found([sale("I-shop-1", dearer)], [*first, *second, last])

    assert [(one.number, one.fields[0].store) for one in result.differences] == told
    assert {one.detail for one in result.differences} <= {"what was paid is not set against I-shop-1~4"}
    assert result.equal == 1


@pytest.mark.parametrize(("due", "left", "is_told"), [("12.00", "0.00", True), ("7.00", "12.00", False)])
def test_an_old_invoice_that_is_due_again_while_its_credit_is_spent_is_told(due: str, left: str, is_told: bool) -> None:
    old = sale(open=Decimal(due))
    credit = sale("I-shop-1~1", kind=Kind.CREDIT_NOTE, open=Decimal(left))
    new = sale("I-shop-1~2", amount("20.00", "4.00"))

    result = found([sale("I-shop-1", amount("20.00", "4.00"))], [old, credit, new])

    told = [(one.finding, one.number, one.detail) for one in result.differences]
    detail = "12.00 of it is due, and its credit I-shop-1~1 is set against I-shop-1~2"
    assert told == ([(Finding.DIFFERENT, "I-shop-1", detail)] if is_told else [])
    assert result.equal == 1
