"""The three tax calculators, against the arithmetic that their names promise."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import settings as checked
from hypothesis import strategies as st

from deploy.sandbox.store.shop import GB_5, GB_20, NY_CITY, NY_STATE
from deploy.sandbox.store.tax import Algorithm, Calculator, Rate, Taxed, TaxSettings

ALGORITHMS: tuple[Algorithm, ...] = ("unit", "row", "total")
SETTINGS = [
    TaxSettings(algorithm, inclusive, after_discount)
    for algorithm in ALGORITHMS
    for inclusive in (False, True)
    for after_discount in (False, True)
]
RATES: tuple[tuple[Rate, ...], ...] = ((), (GB_20,), (GB_5,), (NY_STATE, NY_CITY))
Bought = tuple[int, int, int, tuple[Rate, ...]]
HALF = Fraction(1, 2)

rows = st.lists(
    st.tuples(st.integers(1, 50_000), st.integers(1, 12), st.integers(0, 100), st.sampled_from(RATES)),
    min_size=1,
    max_size=6,
)


def taxed(settings: TaxSettings, bought: Sequence[Bought]) -> list[Taxed]:
    calculator = Calculator(settings)
    return [
        calculator.row(price, quantity * 100, price * quantity * percent // 100, rates)
        for price, quantity, percent, rates in bought
    ]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@checked(deadline=None)
@given(bought=rows)
def test_a_row_costs_its_price_less_its_discount(settings: TaxSettings, bought: Sequence[Bought]) -> None:
    for (price, quantity, _, _), row in zip(bought, taxed(settings, bought), strict=True):
        gross = row.row - row.discount + row.tax + row.compensation
        if settings.inclusive:
            assert row.row_incl == price * quantity
            assert gross == row.row_incl - row.discount
        else:
            assert row.row == price * quantity
            assert row.compensation == 0
            assert gross == row.row - row.discount + row.tax
        assert sum(row.by_rate) == row.tax


@pytest.mark.parametrize("settings", [one for one in SETTINGS if one.algorithm == "total"], ids=str)
@checked(deadline=None)
@given(bought=rows)
def test_by_total_the_tax_of_all_rows_is_the_tax_of_their_sum(settings: TaxSettings, bought: Sequence[Bought]) -> None:
    exact: dict[tuple[Rate, ...], Fraction] = {}
    due: dict[tuple[Rate, ...], int] = {}
    for (price, quantity, _, rates), row in zip(bought, taxed(settings, bought), strict=True):
        base = price * quantity - (row.discount if settings.after_discount else 0)
        exact[rates] = exact.get(rates, Fraction(0)) + _tax(base, rates, inclusive=settings.inclusive)
        due[rates] = due.get(rates, 0) + row.tax

    for rates, tax in due.items():
        # each rate is rounded by itself when tax is added
        assert abs(tax - exact[rates]) <= HALF * (1 if settings.inclusive else max(len(rates), 1))


@pytest.mark.parametrize("settings", [one for one in SETTINGS if one.algorithm == "row"], ids=str)
@checked(deadline=None)
@given(bought=rows)
def test_by_row_every_row_is_rounded_by_itself(settings: TaxSettings, bought: Sequence[Bought]) -> None:
    for (price, quantity, _, rates), row in zip(bought, taxed(settings, bought), strict=True):
        base = price * quantity - (row.discount if settings.after_discount else 0)
        exact = _tax(base, rates, inclusive=settings.inclusive)
        assert abs(row.tax - exact) <= HALF * (1 if settings.inclusive else max(len(rates), 1))


@pytest.mark.parametrize("settings", [one for one in SETTINGS if one.algorithm == "unit"], ids=str)
@checked(deadline=None)
@given(price=st.integers(1, 50_000), quantity=st.integers(1, 50), rates=st.sampled_from(RATES))
def test_by_unit_a_row_is_as_many_times_the_tax_of_one(
    settings: TaxSettings, price: int, quantity: int, rates: tuple[Rate, ...]
) -> None:
    one = Calculator(settings).row(price, 100, 0, rates)

    several = Calculator(settings).row(price, quantity * 100, 0, rates)

    assert several.tax == one.tax * quantity
    assert several.row_incl == one.row_incl * quantity


def _tax(amount: int, rates: tuple[Rate, ...], *, inclusive: bool) -> Fraction:
    rate = Fraction(sum(one.rate for one in rates), 100_000)
    return amount * rate / (1 + rate) if inclusive else amount * rate


@pytest.mark.parametrize(
    ("algorithm", "tax"),
    [("unit", [9, 9, 9]), ("row", [9, 9, 9]), ("total", [9, 9, 8])],
)
def test_three_rows_of_44_pence_tell_the_algorithms_apart(algorithm: Algorithm, tax: list[int]) -> None:
    bought = [(44, 1, 0, (GB_20,))] * 3

    assert [row.tax for row in taxed(TaxSettings(algorithm, inclusive=False, after_discount=True), bought)] == tax


def test_units_are_rounded_before_they_are_many() -> None:
    bought = [(44, 10, 0, (GB_20,))]

    def tax(algorithm: Algorithm) -> int:
        return taxed(TaxSettings(algorithm, inclusive=False, after_discount=True), bought)[0].tax

    assert (tax("unit"), tax("row")) == (90, 88)


def test_the_jumpers_of_the_reference_come_out() -> None:
    """Two at 60.00 with tax, 10 % off: net 100.00, discount 12.00, compensation 2.00, tax 18.00 [magento 3.4]."""
    row = Calculator(TaxSettings("row", inclusive=True, after_discount=True)).row(6000, 200, 1200, (GB_20,))

    assert row == Taxed(5000, 6000, 10_000, 12_000, 1200, 1800, 200, (1800,))


def test_tax_before_the_discount_is_that_of_the_full_price() -> None:
    row = Calculator(TaxSettings("row", inclusive=True, after_discount=False)).row(6000, 200, 1200, (GB_20,))

    assert (row.row, row.tax, row.compensation) == (10_000, 2000, 0)
