"""What money is left to an earlier connector, whose invoices and credit notes may have the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from tests.support.mapping_cases import VERSION
from tests.support.reconcile_cases import DAY, LATER, amount, found, payment, sale
from worker.documents.documents import DocumentKey, Kind
from worker.ledger.records import Document
from worker.reconcile.compare import Finding
from worker.reconcile.fields import Field

NUMBER = "000000012"
"""Magento counts invoices and credit memos each for themselves, and an earlier connector may have taken that over."""

PAID_BEFORE = {"due_at_cut_over": "0.00", "cut_over_on": "2026-12-31"}
ON_INVOICE = payment("their words", settles=NUMBER)
ON_CREDIT_NOTE = payment("a person's refund", settles=NUMBER, sign=-1)


def adopted(kind: Kind, facts: Mapping[str, Any]) -> Document:
    entity = "invoice" if kind is Kind.INVOICE else "credit_memo"
    key = DocumentKey("main", "shop", entity, "12", str(kind))
    return Document(key, kind, f"x-{kind}", NUMBER, VERSION, "hash", facts)


INVOICE, CREDIT_NOTE = adopted(Kind.INVOICE, PAID_BEFORE), adopted(Kind.CREDIT_NOTE, {})


@pytest.mark.parametrize("known", [[INVOICE, CREDIT_NOTE], [CREDIT_NOTE, INVOICE]], ids=["invoice first", "last"])
def test_of_an_invoice_and_a_credit_note_of_one_number_each_has_its_own_payments(known: list[Document]) -> None:
    result = found([], [ON_INVOICE, ON_CREDIT_NOTE], known=known)

    assert [(one.finding, one.number) for one in result.differences] == [(Finding.EXTRA, "a person's refund")]


def test_what_was_left_of_a_credit_note_says_nothing_of_the_invoice_of_its_number() -> None:
    known = [adopted(Kind.CREDIT_NOTE, {"linked": True}), adopted(Kind.INVOICE, {})]

    result = found([], [ON_INVOICE, ON_CREDIT_NOTE], known=known)

    assert [(one.finding, one.number) for one in result.differences] == [(Finding.EXTRA, "their words")]


def test_a_payment_has_the_currency_of_its_invoice_beside_a_credit_note_of_that_number() -> None:
    sides = [sale(NUMBER), sale(NUMBER, kind=Kind.CREDIT_NOTE, currency="EUR")]

    result = found(sides, [*sides, payment("their words", settles=NUMBER, currency="")])

    assert {row.currency for row in result.sums if row.what == "payments"} == {"GBP"}


def test_a_payment_does_not_wait_for_the_credit_note_of_its_invoices_number() -> None:
    sides = [sale(NUMBER), sale(NUMBER, kind=Kind.CREDIT_NOTE, status="DRAFT")]

    result = found([*sides, payment(settles=NUMBER)], sides)

    assert [one.detail for one in result.differences] == ["not in Xero on these days"]


def test_a_payment_of_ours_is_extra_on_what_an_earlier_connector_was_paid_for() -> None:
    result = found([], [payment(settles=NUMBER)], known=[INVOICE])

    assert [one.detail for one in result.differences] == ["our number, unknown to the store"]


def test_a_payment_that_nobody_sends_is_compared_where_it_is_in_xero_all_the_same() -> None:
    left = payment(is_theirs=True)

    result = found([left], [payment(account="091")])

    assert [one.fields for one in result.differences] == [(Field("account", "092", "091"),)]
    assert found([left], [payment(status="DELETED")]).differences == ()


@pytest.mark.parametrize("day", [DAY, LATER], ids=["of these days", "of another day in the store"])
def test_the_sums_have_a_sale_that_was_left_to_an_earlier_connector_as_it_booked_it(day: date) -> None:
    left = sale("I-shop-1", alias="INV-0007", is_theirs=True, day=day)

    result = found([left], [sale("INV-0007", amount("10.01", "1.99", account="260", tax_type="OUTPUT"))])

    assert result.differences == ()
    assert {row.name for row in result.sums} == {str(DAY), "OUTPUT", "260"}
    assert all(row.difference == 0 for row in result.sums)


def test_a_sale_that_was_left_to_an_earlier_connector_and_is_void_counts_as_the_store_has_it() -> None:
    left = sale("I-shop-1", alias="INV-0007", is_theirs=True)

    result = found([left], [sale("INV-0007", status="VOIDED")])

    assert [(one.finding, one.cents) for one in result.differences] == [(Finding.MISSING, -1200)]
    assert [row.difference for row in result.sums if row.by == "account"] == [-10]
