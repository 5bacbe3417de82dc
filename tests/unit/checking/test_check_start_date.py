"""The first day that is booked, beside today."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.support.mapping_cases import organisation
from worker.checking.finding import Level
from worker.checking.start_date import check_start_dates

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("start", "levels"), [(TODAY, []), (TODAY + timedelta(days=1), [Level.WARN]), (date(2062, 11, 1), [Level.WARN])]
)
def test_a_start_date_that_is_still_to_come_is_told(start: date, levels: list[Level]) -> None:
    told = list(check_start_dates([organisation(start_date=start)], today=TODAY))

    assert [one.level for one in told] == levels
    assert all(f"no sale before {start} is booked" in one.text for one in told)
    assert all("change [organisations.main] start_date" in one.cure for one in told)
