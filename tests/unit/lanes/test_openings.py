"""When the batch lane opens: at the same times each day, whatever the window."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from worker.lanes.lanes import next_opening, window_index

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DIVIDING = [timedelta(hours=hours) for hours in (1, 2, 3, 4, 6, 8, 12, 24)] + [timedelta(minutes=m) for m in (5, 30)]

times = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - st adds it
windows = st.timedeltas(timedelta(seconds=1), DAY)


@st.composite
def settings(draw: st.DrawFn, of: st.SearchStrategy[timedelta] = windows) -> tuple[timedelta, timedelta]:
    """A window, and an offset in it."""
    window = draw(of)
    return window, draw(st.timedeltas(timedelta(), window - MOMENT))


def openings_of(day: datetime, window: timedelta, offset: timedelta) -> list[time]:
    """Those from midnight to midnight."""
    found: list[time] = []
    at = next_opening(day - MOMENT, window, offset)
    while at < day + DAY:
        found.append(at.time())
        at = next_opening(at, window, offset)
    return found


def test_a_window_that_does_not_divide_the_day_opens_at_the_same_times_each_day() -> None:
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]

    opened = [openings_of(day, timedelta(hours=10), timedelta(hours=1)) for day in days]

    assert opened == [[time(1), time(11), time(21)]] * 3


@given(settings(of=st.timedeltas(timedelta(minutes=10), DAY)))
def test_the_openings_of_a_day_are_those_of_the_next(setting: tuple[timedelta, timedelta]) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)

    assert openings_of(first, *setting) == openings_of(first + DAY, *setting)
    assert len(openings_of(first, *setting)) == -(-DAY // setting[0])
    assert (EPOCH + setting[1]).time() in openings_of(first, *setting)


@given(settings(), times)
def test_the_next_opening_comes_and_is_at_most_a_window_away(
    setting: tuple[timedelta, timedelta], now: datetime
) -> None:
    at = next_opening(now, *setting)

    assert now < at <= now + setting[0]


@given(settings(), times)
def test_the_window_changes_exactly_at_its_openings(setting: tuple[timedelta, timedelta], now: datetime) -> None:
    at, current = next_opening(now, *setting), window_index(now, *setting)

    assert window_index(at - MOMENT, *setting) == current
    assert window_index(at, *setting) == current + 1


@given(settings(of=st.sampled_from(DIVIDING)), times)
def test_one_that_divides_the_day_opens_every_so_often_from_the_first_day_on(
    setting: tuple[timedelta, timedelta], now: datetime
) -> None:
    window, offset = setting
    count = (now - EPOCH - offset) // window

    assert window_index(now, window, offset) == count
    assert next_opening(now, window, offset) == EPOCH + offset + (count + 1) * window
