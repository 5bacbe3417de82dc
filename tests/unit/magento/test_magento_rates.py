"""The rate of a sale in another currency: as stated in 4 decimals, or as the order's two totals say more closely."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.currencies import closest_rate, exchange_rate
from producers.magento.translate.invoices import invoice
from producers.magento.translate.sales import order
from schemas.entities import CreditMemo, Invoice, Order, Payment
from tests.support.magento_samples import credit_memo_json, invoice_json, order_json, places
from tests.support.magento_trade import wire

STEP = Decimal("0.0001")
CENT = Decimal("0.01")
true_rates = st.decimals("0.00001", "20000", places=9)
base_totals = st.decimals("0.01", "99999999", places=2)


def rounded(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, ROUND_HALF_UP)


def sold(order_currency: str, base: str, **figures: Any) -> dict[str, Any]:
    return {"order_currency_code": order_currency, "base_currency_code": base, **figures}


@pytest.mark.parametrize(
    ("base", "currency", "base_total", "total", "stated"),
    [
        ("JPY", "USD", 15000, 100.05, 0.0067),
        ("INR", "EUR", 10000, 109.5, 0.011),
        ("IDR", "USD", 16100000, 1000, 0.0001),
        ("VND", "EUR", 28_500_000, 1000, 0),
        ("GBP", "EUR", 1000, 1170.43, 1.1704),
    ],
    ids=str,
)
def test_what_is_booked_in_the_base_currency_is_what_the_store_has(
    base: str, currency: str, base_total: int, total: float, stated: float
) -> None:
    raw = sold(currency, base, base_to_order_rate=stated, grand_total=total, base_grand_total=base_total)

    rate = exchange_rate(raw, raw)

    assert rate is not None
    # of the contract's 6 decimals the smallest rates have two digits
    tolerance = Decimal("0.0000005") / rate
    assert abs(Decimal(str(total)) / rate / base_total - 1) <= tolerance
    assert rate == rounded(Decimal(str(total)) / base_total, Decimal("0.000001"))


@pytest.mark.parametrize(
    ("total", "base_total", "why"),
    [
        (0, 0, "all of it is free"),
        (0.02, 0.02, "a rate of cents says 1"),
        (58.52, 50, "cents of a small total are more than a step of the stated rate"),
        (1400, 1000, "a fee is in one total and not in the other"),
        (1170.43, 0, "there is no total in the base currency"),
        (-1170.43, -1000, "no total is below zero"),
    ],
    ids=str,
)
def test_the_stated_rate_stands_where_the_totals_do_not_say_more(total: float, base_total: float, why: str) -> None:
    raw = sold("EUR", "GBP", base_to_order_rate=1.1704, grand_total=total, base_grand_total=base_total)

    assert exchange_rate(raw, raw) == Decimal("1.1704"), why


def test_an_order_without_any_rate_has_none() -> None:
    assert exchange_rate(sold("EUR", "VND"), sold("EUR", "VND")) is None
    tiny = sold("EUR", "VND", grand_total=1, base_grand_total=9_000_000_000)
    assert exchange_rate(tiny, tiny) is None  # it has no digit within the contract's 6 decimals


def test_all_documents_of_an_order_have_its_rate_whatever_their_own_totals() -> None:
    money = sold("USD", "JPY", base_to_order_rate=0.0067)
    # of 122.99 dollars at 0.00667
    of_order = wire(order_json(**money, base_grand_total=18439.28, state="complete"))
    sale = wire(invoice_json(**money, base_grand_total=8000))
    memo = wire(credit_memo_json(**money, base_grand_total=9000))

    booked, paid = invoice(sale, of_order, places(), captured={}, offline_methods=frozenset())
    back, paid_back = credit_memo(
        memo, OfOrder(of_order, [sale], [memo]), places(), refunded={}, offline_methods=frozenset()
    )
    (ordered,) = order(of_order, places())

    for data in (ordered.data, booked.data, paid.data, back.data, paid_back.data):
        assert isinstance(data, Order | Invoice | CreditMemo | Payment)
        assert data.rate == Decimal("0.00667")


@given(true_rates, base_totals)
def test_the_rate_is_never_further_off_than_either_bound(true: Decimal, base_total: Decimal) -> None:
    stated, total = rounded(true, STEP), rounded(true * base_total, CENT)
    # both may be rounded: the store's total in the base currency is the rounded one
    half_a_cent = CENT / 2
    of_cents = (total + half_a_cent) / (base_total - half_a_cent) - total / base_total

    found = closest_rate(stated, total, base_total)

    assert abs(found - true) <= min(STEP / 2, of_cents)


@given(true_rates, base_totals, st.decimals("-5000", "5000", places=2))
def test_totals_with_something_else_in_them_say_no_rate_of_their_own(
    true: Decimal, base_total: Decimal, more: Decimal
) -> None:
    stated, total = rounded(true, STEP), rounded(true * base_total, CENT) + more

    found = closest_rate(stated, total, base_total)

    assert found == stated or abs(found - stated) <= STEP
