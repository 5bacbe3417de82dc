"""Since when a lane's backlog stands: since the last look at which nothing waited, or more was done than before."""

from __future__ import annotations

import pytest

from schemas.envelope import Lane
from worker.metrics.standing import Standing

BATCH = Lane.BATCH


def looked(*looks: tuple[float, int | None, int]) -> float:
    """Each: when, how much waits in the batch lane if that is known, how many are done; what the last one says."""
    standing, stands = Standing(), 0.0
    for now, waiting, done in looks:
        known = {} if waiting is None else {BATCH: waiting, Lane.IMMEDIATE: 0}
        stands = standing.look(known, {BATCH: done, Lane.IMMEDIATE: round(now)}, now)[BATCH]
    return stands


@pytest.mark.parametrize(
    ("looks", "stands"),
    [
        ([(0, 5, 9)], 0),
        ([(0, 5, 9), (60, 6, 9), (120, 7, 9)], 120),
        ([(0, 0, 9), (60, 6, 9), (120, 7, 9)], 120),
        ([(0, 5, 9), (60, 4, 10), (120, 4, 10)], 60),
        ([(0, 5, 9), (60, 0, 9), (120, 4, 9)], 60),
        ([(0, 5, 9), (60, None, 9), (120, 5, 9)], 60),
        ([(0, 5, 9), (300, 5, 9)], 300),
        ([(0, 5, 9), (301, 5, 9)], 0),
    ],
    ids=[
        "first",
        "stands",
        "since nothing waited",
        "moved",
        "was empty",
        "unknown meanwhile",
        "seldom",
        "not looked at",
    ],
)
def test_it_stands_as_long_as_something_waits_and_nothing_is_done(
    looks: list[tuple[float, int | None, int]], stands: float
) -> None:
    shifted = [(1_000.0 + now, waiting, done) for now, waiting, done in looks]

    assert looked(*shifted) == pytest.approx(stands)
