"""The store's own sums against Xero's: equal books are equal, and whatever differs is found."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from deploy.demo.against import account_rows, against, tax_rows
from deploy.demo.books import Difference
from tests.support.demo_day import audit, books, documents, expected, truth

Documents = dict[str, list[dict[str, Any]]]


def test_books_that_agree_have_no_difference() -> None:
    assert against(expected(truth()), books(documents())) == Difference()


def cut(kind: str, place: int) -> Callable[[Documents], object]:
    return lambda found: found[kind].pop(place)


def put(kind: str, place: int, **values: Any) -> Callable[[Documents], object]:
    return lambda found: found[kind][place].update(values)


def add(kind: str, **values: Any) -> Callable[[Documents], object]:
    return lambda found: found[kind].append({**found[kind][-1], **values})


@pytest.mark.parametrize(
    ("change", "missing", "extra"),
    [
        (cut("invoices", 0), ["I-shop-000000011"], []),
        (cut("credit_notes", 1), ["C-shop-000000022"], []),
        (cut("payments", 1), ["P-shop-giftcard-11"], []),
        (cut("items", 0), ["item"], []),
        (cut("contacts", 0), ["customer's contact"], []),
        (cut("contacts", 1), ["guest guest2@mail.example"], []),
        (add("invoices", InvoiceNumber="I-shop-000000099", InvoiceID="id-99"), [], ["I-shop-000000099"]),
        (add("credit_notes", CreditNoteNumber="C-shop-000000099", CreditNoteID="id-99"), [], ["C-shop-000000099"]),
        (add("payments", Reference="P-shop-invoice-12"), [], ["P-shop-invoice-12"]),
        (add("items", Code="A 3"), [], ["item"]),
        (add("contacts", ContactNumber="shop:6"), [], ["customer's contact"]),
        (add("contacts", ContactNumber="shop:guest:cd34"), [], ["a guest's second contact"]),
        (add("contacts", ContactNumber="shop:guest:cd34", EmailAddress="x@mail.example"), [], ["guest x@mail.example"]),
    ],
)
def test_what_is_missing_or_too_many_is_named(
    change: Callable[[Documents], object], missing: list[str], extra: list[str]
) -> None:
    found = documents()
    change(found)

    difference = against(expected(truth()), books(found))

    assert (difference.missing, difference.extra) == (missing, extra)


@pytest.mark.parametrize(
    ("change", "cents"),
    [
        (put("invoices", 0, SubTotal=Decimal("100.01")), 1),
        (put("invoices", 0, TotalTax=Decimal("19.99"), Total=Decimal("119.99")), 2),
        (put("credit_notes", 0, Total=Decimal("12.03")), 3),
        (put("payments", 0, Amount=Decimal("99.96")), 4),
        (lambda found: found["invoices"][0]["LineItems"][0].update(TaxAmount=Decimal("19.95")), 5),
        (lambda found: found["credit_notes"][1]["Allocations"][0].update(Amount=Decimal("11.94")), 6),
        (lambda found: found["invoices"][0]["LineItems"][0].update(TaxType="NONE"), 2 * 12_000),
    ],
)
def test_every_cent_is_counted(change: Callable[[Documents], object], cents: int) -> None:
    found = documents()
    change(found)

    difference = against(expected(truth()), books(found))

    assert difference.cents == cents
    assert difference.wrong


@pytest.mark.parametrize(
    "change",
    [
        put("invoices", 0, Date="/Date(1794528000000+0000)/"),
        put("invoices", 0, CurrencyCode="EUR"),
        put("payments", 0, Account={"Code": "090"}),
        put("payments", 0, Date="/Date(1794528000000+0000)/"),
        put("payments", 0, Invoice={"InvoiceID": "id-12"}),
        lambda found: found["credit_notes"][1]["Allocations"][0].update(Invoice={"InvoiceID": "id-11"}),
    ],
    ids=["date", "currency", "account", "day of payment", "what is paid", "what is allocated to"],
)
def test_what_is_right_in_amount_and_wrong_in_kind_is_found(change: Callable[[Documents], object]) -> None:
    found = documents()
    change(found)

    difference = against(expected(truth()), books(found))

    assert (difference.missing, difference.extra, difference.cents) == ([], [], 0)
    assert len(difference.wrong) == 1


def test_a_contact_of_a_cancelled_invoice_is_not_too_many() -> None:
    day, found = truth(), documents()
    invoice = next(one for one in day["documents"] if one["number"] == "000000012")
    invoice["cancelled"] = True
    found["invoices"].pop()
    found["credit_notes"].pop()
    day["documents"].pop()
    day["payments"] = [one for one in day["payments"] if one["document_id"] not in {12, 22}]

    assert against(expected(day), books(found)) == Difference()


def test_sums_by_tax_type_and_account_are_equal_where_the_books_are() -> None:
    rows = [*tax_rows(expected(truth()), audit()), *account_rows(expected(truth()), audit())]

    assert [(row.what, row.currency, row.code) for row in rows] == [
        ("credit_notes", "GBP", "OUTPUT2"),
        ("invoices", "GBP", "NONE"),
        ("invoices", "GBP", "OUTPUT2"),
        ("payments", "GBP", "092"),
        ("payments", "GBP", "841"),
    ]
    assert all(row.store == row.xero for row in rows)


def test_a_sum_that_differs_or_is_not_there_shows_both_sides() -> None:
    found = audit()
    found["sums"]["invoices"].pop(2)
    found["sums"]["payments"][0]["in"] = "100.01"

    rows = [*tax_rows(expected(truth()), found), *account_rows(expected(truth()), found)]

    assert [(row.code, row.store, row.xero) for row in rows if row.store != row.xero] == [
        ("NONE", (Decimal("5.00"), 0), (0, 0)),
        ("092", (Decimal("100.00"), Decimal("12.00"), 2), (Decimal("100.01"), Decimal("12.00"), 2)),
    ]
