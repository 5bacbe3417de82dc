"""What of a day differs between store and Xero, and what it comes to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.support.reconcile_cases import DAY, LATER, amount, credit, found, payment, sale, tracked
from worker.documents.documents import Kind
from worker.reconcile.compare import Difference, Finding
from worker.reconcile.entries import Entry
from worker.reconcile.fields import Field
from worker.reconcile.sums import Sum
from worker.reconcile.wanted import Unbookable


def test_what_is_equal_on_both_sides_is_no_difference() -> None:
    memo = sale("C-shop-9", kind=Kind.CREDIT_NOTE)

    result = found([sale(), payment(), memo], [sale(status="PAID"), payment("P-shop-invoice-1 pi_77"), memo])

    assert result.differences == ()
    assert result.equal == 3
    assert all(row.difference == 0 for row in result.sums)


def test_numbers_that_differ_in_case_are_of_two_documents() -> None:
    store = [sale("I-shop-4a"), sale("I-shop-4A", amount("20.00", "4.00"))]
    payments = [payment("P-shop-4a", settles="I-shop-4a"), payment("P-shop-4A", "24.00", settles="I-shop-4A")]

    result = found([*store, *payments], [*store, *payments])

    assert result.differences == ()
    assert result.equal == 4


ON_200 = "net on account 200, OUTPUT2"


@pytest.mark.parametrize(
    ("ours", "theirs", "fields", "cents"),
    [
        (sale(), sale(day=LATER), [Field("date", "2026-11-24", "2026-11-30")], 0),
        (sale(), sale(status="DRAFT"), [Field("status", "AUTHORISED", "DRAFT")], 0),
        (sale(), sale(currency="EUR"), [Field("currency", "GBP", "EUR")], 0),
        (
            sale(),
            sale("I-shop-1", amount("10.01", "2.00")),
            [
                Field("net", "10.00", "10.01", 1),
                Field("gross", "12.00", "12.01", 1),
                Field(ON_200, "10.00", "10.01", 1),
            ],
            1,
        ),
        (
            sale(),
            sale("I-shop-1", amount("10.00", "1.99")),
            [
                Field("tax", "2.00", "1.99", -1),
                Field("gross", "12.00", "11.99", -1),
                Field("tax on account 200, OUTPUT2", "2.00", "1.99", -1),
            ],
            -1,
        ),
        (
            sale("I-shop-1", amount("10.00", tax_type="NONE")),
            sale("I-shop-1", amount("10.00", account="260", tax_type="NONE")),
            [
                Field("net on account 200, NONE", "10.00", "0.00", -1000),
                Field("net on account 260, NONE", "0.00", "10.00", 1000),
            ],
            0,
        ),
        (payment(), payment(account="091"), [Field("account", "092", "091")], 0),
        (payment(), payment(paid="11.99"), [Field("amount", "12.00", "11.99", -1)], -1),
        (payment(), payment(settles="I-shop-2"), [Field("settles", "I-shop-1", "I-shop-2")], 0),
        (
            credit(("I-shop-1", "12")),
            credit(),
            [Field("set against I-shop-1", "12.00", "0.00", -1200)],
            0,
        ),
        (
            credit(("I-shop-1", "12")),
            credit(("I-shop-1", "2"), ("I-shop-2", "10")),
            [Field("set against I-shop-1", "12.00", "2.00", -1000)],
            0,
        ),
        (sale(rate=Decimal("1.17")), sale(rate=Decimal("0.5")), [Field("rate", "1.17", "0.5")], 0),
        (payment(rate=Decimal("0.006711")), payment(rate=Decimal("0.0067")), [Field("rate", "0.006711", "0.0067")], 0),
        (tracked(("Area", "North")), tracked(("Area", "South")), [Field("tracking by Area", "North", "South")], 0),
        (tracked(("Area", "North")), tracked(), [Field("tracking by Area", "North", "none")], 0),
        (
            sale("I-shop-1", status="VOIDED", day=None),
            sale(),
            [Field("status", "VOIDED", "AUTHORISED")],
            1200,
        ),
    ],
    ids=[
        "date", "draft", "currency", "a cent of net", "a cent of tax", "account of a line",
        "account of a payment", "a cent of a payment", "another invoice", "not allocated", "allocated elsewhere",
        "rate", "rate of a payment", "tracking", "not tracked", "cancelled in the store",
    ],
)  # fmt: skip
def test_each_field_that_differs_is_named_with_its_cents(
    ours: Entry, theirs: Entry, fields: list[Field], cents: int
) -> None:
    result = found([ours], [theirs])

    [difference] = result.differences
    assert difference.finding is Finding.DIFFERENT
    assert list(difference.fields) == fields
    assert difference.cents == cents
    assert result.equal == 0


@pytest.mark.parametrize(
    ("store", "xero", "finding", "detail", "cents"),
    [
        ([sale()], [], Finding.MISSING, "not in Xero on these days", -1200),
        ([sale()], [sale(status="VOIDED")], Finding.MISSING, "voided in Xero", -1200),
        ([payment()], [payment(status="DELETED")], Finding.MISSING, "deleted in Xero", -1200),
        ([], [sale("INV-77")], Finding.EXTRA, "of another app or a person", 1200),
        ([], [sale("I-shop-404")], Finding.EXTRA, "our number, unknown to the store", 1200),
        ([payment()], [payment(), payment()], Finding.EXTRA, "a second document of this number", 1200),
    ],
    ids=["never there", "voided", "deleted", "another app", "our number", "paid twice"],
)
def test_what_only_one_side_has_is_found(
    store: list[Entry], xero: list[Entry], finding: Finding, detail: str, cents: int
) -> None:
    result = found(store, xero)

    [difference] = result.differences
    assert (difference.finding, difference.detail, difference.cents) == (finding, detail, cents)


@pytest.mark.parametrize(
    ("store", "xero"),
    [
        ([], [sale("INV-77", status="DRAFT")]),
        ([], [sale("INV-77", status="VOIDED")]),
        ([sale(status="DRAFT")], [sale(status="PAID")]),
        ([sale(status="VOIDED", day=None)], [sale(status="VOIDED")]),
        ([sale(status="VOIDED", day=None)], []),
        ([sale(status="VOIDED", day=None)], [sale("I-shop-1", amount("0.00"), status="PAID")]),
        ([sale(day=LATER)], []),
        ([credit()], [credit(("I-shop-1", "3"))]),
        ([credit(("I-shop-1", "2"))], [credit(("I-shop-1~2", "2"), ("INV-77", "3"))]),
        ([credit(("", "2"))], [credit(("I-shop-1", "2"))]),
        ([credit(("I-shop-1", "2"))], [credit(("", "2"))]),
        ([sale()], [sale(rate=Decimal("1.17"))]),
        ([sale(rate=Decimal("1.17"))], [sale()]),
        ([sale(rate=Decimal("1.170003"))], [sale(rate=Decimal("1.1700031"))]),
        ([tracked(("Region", "North"))], [tracked(("region", "NORTH"), ("Team", "Red"))]),
        ([sale()], [tracked(("Team", "Red"))]),
        ([payment()], [payment(status="DELETED"), payment()]),
        ([payment(day=LATER)], [payment(status="DELETED")]),
        ([sale(alias="INV-0007")], [sale("INV-0007")]),
        ([sale(alias="INV-0007", is_theirs=True)], [sale("INV-0007", amount("11.00", "2.00"))]),
    ],
    ids=[
        "a stranger's draft", "a stranger's voided one", "a draft that was approved", "cancelled and voided",
        "cancelled and never there", "cancelled and of nothing", "of another day", "credit that a person allocated",
        "credit on what was issued anew", "credit on what nobody knows", "credit on what has no number",
        "no rate of the store's", "no rate in Xero", "a rate beyond six decimals", "tracked by a person too",
        "tracked by a person",
        "paid again after a deletion", "deleted on another day than the store's", "adopted under another number",
        "left to an earlier connector",
    ],
)  # fmt: skip
def test_what_is_in_order_is_no_difference(store: list[Entry], xero: list[Entry]) -> None:
    assert found(store, xero).differences == ()


def test_of_two_documents_of_a_number_the_approved_one_counts() -> None:
    result = found([sale()], [sale(status="DRAFT"), sale()])

    assert result.equal == 1
    assert [one.detail for one in result.differences] == ["a second document of this number"]


@pytest.mark.parametrize("ours_first", [False, True])
def test_of_two_payments_of_a_reference_the_one_that_we_made_counts(ours_first: bool) -> None:
    ours, copy = payment(xero_id="OURS"), payment(account="091", xero_id="copy")

    result = found([payment(xero_id="ours")], [ours, copy] if ours_first else [copy, ours])

    assert [(one.finding, one.detail) for one in result.differences] == [
        (Finding.EXTRA, "a second document of this number")
    ]
    assert result.standing == ()


def test_a_payment_of_which_xero_tells_no_currency_has_the_stores() -> None:
    result = found([payment()], [payment(currency="")])

    assert result.equal == 1
    assert {row.currency for row in result.sums} == {"GBP"}


def test_what_was_voided_by_a_person_is_not_equal() -> None:
    assert found([sale()], [sale(status="VOIDED")]).equal == 0


def test_what_the_store_cancelled_differs_as_long_as_it_books_something_be_it_nothing_in_all() -> None:
    moved = sale("I-shop-1", amount("10.00"), amount("-10.00", account="260"))

    result = found([sale(status="VOIDED", day=None)], [moved])

    assert [(one.detail, one.cents) for one in result.differences] == [("cancelled in the store", 0)]


def test_a_payment_that_waits_for_an_approval_says_so() -> None:
    result = found([sale(status="DRAFT"), payment()], [sale(status="DRAFT")])

    assert [one.detail for one in result.differences] == ["waits until I-shop-1 is approved"]


def test_a_document_moved_into_these_days_is_told_as_moved() -> None:
    result = found([sale(day=LATER)], [sale()])

    [difference] = result.differences
    assert difference.fields == (Field("date", "2026-11-30", "2026-11-24"),)
    assert Sum("day", "2026-11-24", "net", "GBP", Decimal(0), Decimal("10.00")) in result.sums


def test_a_sale_that_cannot_be_booked_is_told_with_what_to_do() -> None:
    refused = Unbookable("I-shop-1", DAY, "tax_unmapped", "add GB-VAT-17 to the taxes")
    elsewhere = replace(refused, number="I-shop-2", day=LATER)

    result = found([], [sale()], refused, elsewhere)

    detail = "tax_unmapped: add GB-VAT-17 to the taxes (in Xero it is authorised)"
    assert result.differences == (Difference(Finding.PARKED, None, "I-shop-1", DAY, detail),)


def test_a_sale_of_another_day_that_cannot_be_booked_is_told_where_xero_has_it_on_these_days() -> None:
    refused = Unbookable("I-shop-1", LATER, "tax_unmapped", "add GB-VAT-17 to the taxes")

    result = found([], [sale()], refused)

    assert [(one.finding, one.day) for one in result.differences] == [(Finding.PARKED, LATER)]


def test_sums_are_of_days_tax_rates_and_accounts_with_refunds_taken_off() -> None:
    memo = sale("C-shop-9", amount("3.00", "0.60"), kind=Kind.CREDIT_NOTE)
    refund = payment("P-shop-memo-9", "3.60", sign=-1, settles="C-shop-9")

    result = found([sale(), payment(), memo, refund], [sale(), payment(currency=""), memo])

    assert [(row.by, row.name, row.what, str(row.store), str(row.xero)) for row in result.sums] == [
        ("day", "2026-11-24", "net", "7.00", "7.00"),
        ("day", "2026-11-24", "payments", "8.40", "12.00"),
        ("day", "2026-11-24", "tax", "1.40", "1.40"),
        ("tax", "OUTPUT2", "net", "7.00", "7.00"),
        ("tax", "OUTPUT2", "tax", "1.40", "1.40"),
        ("account", "092", "payments", "8.40", "12.00"),
        ("account", "200", "net", "7.00", "7.00"),
    ]
    assert {row.currency for row in result.sums} == {"GBP"}


def test_what_neither_side_has_is_no_row_of_the_sums() -> None:
    untaxed = [sale("I-shop-1", amount("10.00", tax_type="NONE"))]

    result = found(untaxed, untaxed)

    assert [(row.by, row.what) for row in result.sums] == [("day", "net"), ("tax", "net"), ("account", "net")]


@pytest.mark.parametrize("gone_first", [False, True])
def test_of_what_cannot_be_booked_the_standing_document_counts(gone_first: bool) -> None:
    refused = Unbookable("P-shop-invoice-1", DAY, "payment_method_unmapped", "add stripe to the payments")
    standing = payment("P-shop-invoice-1 pi_77")
    deleted = replace(standing, status="DELETED")

    result = found([], [deleted, standing] if gone_first else [standing, deleted], refused)

    [difference] = result.differences
    assert difference.detail.endswith("(in Xero it is authorised)")
    assert Sum("day", "2026-11-24", "payments", "GBP", Decimal(0), Decimal("12.00")) in result.sums


def test_a_second_document_of_what_cannot_be_booked_is_extra() -> None:
    refused = Unbookable("P-shop-invoice-1", DAY, "payment_method_unmapped", "add stripe to the payments")
    twice = [payment("P-shop-invoice-1 pi_77"), payment("P-shop-invoice-1 pi_77")]

    result = found([], twice, refused)

    assert sorted(one.finding for one in result.differences) == [Finding.EXTRA, Finding.PARKED]
    assert Sum("day", "2026-11-24", "payments", "GBP", Decimal(0), Decimal("24.00")) in result.sums
