"""Days that are read together, and what that costs."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from worker.rebuild.windows import Window, merged, months, price_of

FIRST, LAST = date(2026, 1, 15), date(2026, 4, 2)


def test_months_cover_the_days_and_are_cut_at_both_ends() -> None:
    assert [(one.first, one.last) for one in months(FIRST, LAST)] == [
        (date(2026, 1, 15), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 3, 31)),
        (date(2026, 4, 1), date(2026, 4, 2)),
    ]


def test_quiet_months_are_read_together_and_a_busy_one_alone() -> None:
    counted = [
        Window(FIRST, FIRST, 2000),
        Window(FIRST, FIRST, 2500, 100),
        Window(FIRST, FIRST, 9000),
        Window(FIRST, LAST),
    ]

    found = merged(counted, most=5000)

    assert [(one.sales, one.refunds) for one in found] == [(4500, 100), (9000, 0)]
    assert found[-1].last == LAST


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=60))
def test_windows_follow_each_other_without_a_gap(sales: list[int]) -> None:
    days = [FIRST + timedelta(days=place) for place in range(len(sales))]

    found = merged([Window(day, day, count) for day, count in zip(days, sales, strict=True)])

    assert sum(one.sales for one in found) == sum(sales)
    assert (found[0].first, found[-1].last) == (days[0], days[-1])
    assert all(after.first - before.last == timedelta(days=1) for before, after in pairwise(found))
    assert all(one.sales <= 5000 for one in found)


def test_the_price_is_that_of_all_pages() -> None:
    windows = [Window(FIRST, LAST, 4500, 100), Window(FIRST, LAST)]

    assert [one.price for one in windows] == [5 + 1 + 5, 3]
    assert price_of(windows, customers=600) == 14 + 6 + 1
