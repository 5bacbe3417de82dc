"""The sandbox's arithmetic [xero 5.2]. Xero's own example: 25.06 + 25.61 + 25.63 at 15% has 11.44 tax."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.xero.errors import Refused
from deploy.sandbox.xero.money import AmountsAre, Given, cents, figures, totals
from tests.support.sandbox_documents import a_contact, invoice, line, made
from tests.support.sandbox_fixture import XeroCaller

_PRICES = st.decimals(Decimal("0.01"), Decimal(99999), places=4)
_QUANTITIES = st.decimals(Decimal("0.01"), Decimal(999), places=4)
_RATES = st.sampled_from([Decimal(0), Decimal(5), Decimal("8.8750"), Decimal("13.5"), Decimal(20)])


def _given(quantity: Any = 1, unit: Any = None, **more: Any) -> Given:
    names = ("line_amount", "tax_amount", "discount_rate", "discount_amount")
    rest = {name: None if more.get(name) is None else Decimal(str(more[name])) for name in names}
    return Given(Decimal(str(quantity)), None if unit is None else Decimal(str(unit)), **rest)


def test_5_2_tax_is_rounded_on_each_line_and_then_summed(xero: XeroCaller) -> None:
    lines = [line(UnitAmount=price, TaxType="TAX004") for price in ("25.06", "25.61", "25.63")]

    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", *lines))

    assert [one["TaxAmount"] for one in document["LineItems"]] == [3.76, 3.84, 3.84]
    assert (document["SubTotal"], document["TotalTax"], document["Total"]) == (76.3, 11.44, 87.74)


def test_5_2_inclusive_lines_hold_their_tax(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", line(), LineAmountTypes="Inclusive"))

    assert (document["SubTotal"], document["TotalTax"], document["Total"]) == (83.33, 16.67, 100)


def test_5_2_notax_documents_have_none(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", line(TaxType="OUTPUT2"), LineAmountTypes="NoTax"))

    assert (document["TotalTax"], document["LineItems"][0]["TaxType"]) == (0, "NONE")


def test_5_2_an_explicit_tax_amount_overrides(xero: XeroCaller) -> None:
    document = made(xero, "Invoices", invoice(a_contact(xero), "I-1", line(TaxAmount="19.99")))

    assert (document["TotalTax"], document["Total"]) == (19.99, 119.99)


def test_5_2_a_unit_price_is_rounded_before_anything_else_unless_unitdp_is_4(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    lines = [line(Quantity=3, UnitAmount="1.3333")]

    two = made(xero, "Invoices", invoice(contact, "I-2", *lines))
    four = made(xero, "Invoices", invoice(contact, "I-4", *lines), unitdp=4)

    assert (two["SubTotal"], four["SubTotal"]) == (3.99, 4)
    shown = [xero.get("/Invoices/I-4", unitdp=places).json()["Invoices"][0] for places in (2, 4)]
    assert [one["LineItems"][0]["UnitAmount"] for one in shown] == [1.33, 1.3333]


def test_5_2_amounts_are_numbers_that_parse_exactly(xero: XeroCaller) -> None:
    reply = xero.put("/Invoices", invoice(a_contact(xero), "I-1", line(UnitAmount="0.1", Quantity=3, TaxType="NONE")))

    assert '"SubTotal":0.3,' in reply.text


@pytest.mark.parametrize(
    ("numbers", "line_amount"),
    [
        (_given(2, "10.005"), "20.01"),
        (_given(1, "0.125"), "0.13"),
        (_given(-1, "0.125"), "-0.13"),
        (_given(1, 100, discount_rate="12.5"), "87.50"),
        (_given(3, "9.99", discount_amount="0.97"), "29.00"),
        (_given(4, None, line_amount="10.00"), "10.00"),
        (_given(2, 5, line_amount="10.00"), "10.00"),
    ],
)
def test_5_2_line_amounts(numbers: Given, line_amount: str) -> None:
    worked = figures(numbers, rate=Decimal(20), amounts_are=AmountsAre.EXCLUSIVE, places=4)

    assert worked.line_amount == Decimal(line_amount)


@pytest.mark.parametrize(("price", "tax"), [(10, "10.01"), (10, "-10.01"), (-10, "-10.01"), (-10, "0.01")])
def test_5_2_tax_above_the_line_is_refused_and_of_a_negative_line_any_above_nothing(price: int, tax: str) -> None:
    with pytest.raises(Refused, match="Tax amount cannot be greater than the line amount"):
        figures(_given(1, price, tax_amount=tax), rate=Decimal(20), amounts_are=AmountsAre.EXCLUSIVE, places=2)


@pytest.mark.parametrize("discount", [{"discount_rate": 100.01}, {"discount_amount": 10.01}])
def test_5_2_a_discount_above_the_line_is_refused(discount: dict[str, float]) -> None:
    with pytest.raises(Refused, match="Discount must not be greater than the line total"):
        figures(_given(1, 10, **discount), rate=Decimal(20), amounts_are=AmountsAre.EXCLUSIVE, places=2)


@given(st.lists(st.tuples(_QUANTITIES, _PRICES, _RATES), min_size=1, max_size=8), st.sampled_from(AmountsAre))
def test_5_2_sums_of_lines_always_add_up(rows: list[tuple[Decimal, Decimal, Decimal]], amounts_are: AmountsAre) -> None:
    worked = [
        figures(_given(quantity, price), rate=rate, amounts_are=amounts_are, places=4) for quantity, price, rate in rows
    ]

    sums = totals(worked, amounts_are)

    assert sums.net + sums.tax == sums.gross
    assert all(amount == cents(amount) for amount in (sums.net, sums.tax, sums.gross))
    assert sums.gross >= sums.net


@given(_PRICES, _RATES)
def test_5_2_tax_inside_a_price_is_within_a_cent_of_the_rate(price: Decimal, rate: Decimal) -> None:
    worked = figures(_given(1, price), rate=rate, amounts_are=AmountsAre.INCLUSIVE, places=2)

    exact = worked.line_amount - worked.line_amount / (1 + rate / 100)
    assert abs(worked.tax - exact) <= Decimal("0.005")
