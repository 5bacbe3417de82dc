"""From the store's own sums to what must be in Xero."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from deploy.demo.expected import CANCELLED, NO_ITEM, ORDER, TOO_OLD, UNPROVEN, Money
from tests.support.demo_day import BEFORE, document, expected, payment, rate, truth

GOODS = [rate("GB-VAT-20", "20", "1.00", "0.20")]


def test_every_document_and_payment_that_is_booked_has_its_number_in_xero() -> None:
    found = expected(truth())

    assert set(found.invoices) == {"I-shop-000000011", "I-shop-000000012"}
    assert set(found.credit_notes) == {"C-shop-000000021", "C-shop-000000022"}
    assert set(found.payments) == {"P-shop-invoice-11", "P-shop-giftcard-11", "P-shop-memo-21"}
    assert (found.customers, found.items, found.guests) == (1, 2, frozenset({"guest2@mail.example"}))
    assert found.documents == 2 + 2 + 3 + 1 + 2 + 1


def test_rates_that_have_one_tax_type_are_added_up() -> None:
    day = truth()
    day["documents"].append(document("invoice", 13, order=1, rates=[*GOODS, rate("FR-VAT-20", "20", "2.00", "0.40")]))

    sale = expected(day).invoices["I-shop-000000013"]

    assert sale.by_type == {"OUTPUT2": (Decimal("3.00"), Decimal("0.60"))}


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (document("order", 3, order=3, rates=GOODS), ORDER),
        (document("invoice", 13, order=1, rates=GOODS, date=BEFORE), TOO_OLD),
        (document("invoice", 13, order=1, rates=GOODS, cancelled=True), CANCELLED),
        (document("credit_memo", 23, order=1, rates=GOODS, date=BEFORE), TOO_OLD),
    ],
)
def test_a_document_that_is_not_booked_is_left_out_by_a_rule(made: dict[str, Any], rule: str) -> None:
    day = truth()
    before = expected(day)
    day["documents"].append(made)

    found = expected(day)

    assert (found.invoices, found.credit_notes) == (before.invoices, before.credit_notes)
    assert found.left_out[rule] == before.left_out[rule] + 1


@pytest.mark.parametrize(
    ("made", "number", "money"),
    [
        (payment("in", "banktransfer", 12, "9.00", online=False), "P-shop-invoice-12", "090"),
        (payment("in", "store_credit", 12, "9.00"), "P-shop-storecredit-12", "842"),
        (payment("out", "gift_card", 22, "9.00"), "P-shop-memo-giftcard-22", "841"),
        (payment("out", "paypal_express", 22, "9.00"), "P-shop-memo-22", "091"),
    ],
)
def test_money_goes_to_the_account_of_its_method(made: dict[str, Any], number: str, money: str) -> None:
    day = truth()
    day["payments"].append(made)
    sale = "I-shop-000000012" if made["direction"] == "in" else "C-shop-000000022"

    found = expected(day).payments[number]

    assert found == Money(sale, made["direction"], money, "GBP", made["date"], Decimal("9.00"))


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (payment("in", "checkmo", 12, "9.00", online=False), UNPROVEN),
        (payment("out", "stripe_payments", 22, "9.00", online=False), UNPROVEN),
    ],
)
def test_money_that_is_not_booked_is_left_out_by_a_rule(made: dict[str, Any], rule: str) -> None:
    day = truth()
    before = expected(day)
    day["payments"].append(made)

    found = expected(day)

    assert found.payments == before.payments
    assert found.left_out[rule] == before.left_out[rule] + 1


@pytest.mark.parametrize(
    ("kind", "direction", "number"),
    [("invoice", "in", "P-shop-invoice-13"), ("credit_memo", "out", "P-shop-memo-13")],
)
def test_money_is_booked_with_its_document_whenever_it_moves(kind: str, direction: str, number: str) -> None:
    early, late = truth(), truth()
    early["documents"].append(document(kind, 13, order=1, rates=GOODS, date=BEFORE))
    early["payments"].append(payment(direction, "stripe_payments", 13, "1.20"))
    late["documents"].append(document(kind, 13, order=1, rates=GOODS))
    late["payments"].append(payment(direction, "stripe_payments", 13, "1.20", date=BEFORE))

    assert number not in expected(early).payments
    assert expected(early).left_out[TOO_OLD] == 2
    assert expected(late).payments[number].date == BEFORE


def test_a_guest_whose_only_invoice_is_cancelled_may_have_a_contact() -> None:
    day = truth()
    day["documents"] += [document("order", 3, order=3, rates=GOODS)]
    day["documents"] += [document("invoice", 13, order=3, rates=GOODS, cancelled=True)]

    found = expected(day)

    assert (found.guests, found.perhaps) == (frozenset({"guest2@mail.example"}), frozenset({"guest3@mail.example"}))


def test_what_was_not_paid_back_is_what_may_be_allocated() -> None:
    found = expected(truth())

    assert found.unpaid == {"C-shop-000000021": Decimal(0), "C-shop-000000022": Decimal("12.00")}


def test_products_that_are_never_sold_themselves_become_no_item() -> None:
    assert expected(truth()).left_out[NO_ITEM] == 1
