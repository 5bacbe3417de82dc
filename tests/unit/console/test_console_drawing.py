"""The chart of requests says what the table says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.console.chart_drawing import HEIGHT, WIDTH, draw, nice
from worker.console.rendering import number, span
from worker.ledger.records import Purpose
from worker.views.requests import Count, DayCount

FIRST = date(2026, 3, 1)
by_purpose = st.dictionaries(st.sampled_from(Purpose), st.integers(1, 20_000), max_size=3)


def month(days: list[dict[Purpose, int]]) -> list[DayCount]:
    counts = [{purpose: Count(requests=requests) for purpose, requests in day.items()} for day in days]
    return [
        DayCount(FIRST + timedelta(days=index), Count(requests=sum(day.values())), counts[index])
        for index, day in enumerate(days)
    ]


@given(st.lists(by_purpose, min_size=1, max_size=30))
def test_every_request_is_drawn_within_the_picture_at_one_scale(days: list[dict[Purpose, int]]) -> None:
    drawing = draw(month(days), limit=1000)

    top = nice(max(sum(day.values()) for day in days))
    assert sum(bar.requests for bar in drawing.bars) == sum(sum(day.values()) for day in days)
    for bar in drawing.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert -0.01 <= bar.y <= bar.y + bar.height <= HEIGHT
        assert bar.height == pytest.approx(bar.requests * (HEIGHT - 36) / top, abs=0.01)


def test_the_limit_is_drawn_where_it_is_in_sight() -> None:
    near, far = (draw(month([{Purpose.WRITE: requests}]), limit=1000) for requests in (900, 90))

    assert near.limit_y == near.counts[2].y
    assert far.limit_y is None


def test_a_month_without_requests_is_an_empty_picture() -> None:
    drawing = draw(month([{} for _ in range(30)]), limit=1000)

    assert drawing.bars == ()
    assert [label.text for label in drawing.counts] == ["0", "5", "10"]
    assert [label.text for label in drawing.days] == ["02 Mar", "09 Mar", "16 Mar", "23 Mar", "30 Mar"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "now"), (30, "less than a minute"), (90 * 60, "90 min"), (5 * 3600, "5 h"), (60 * 3600, "2.5 days")],
)
def test_durations_in_the_unit_of_people(seconds: int, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


def test_thousands_stand_apart() -> None:
    assert number(1234567) == "1\u202f234\u202f567"
