"""The order of the tests, held against the scheduler of pytest-xdist that shares them out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from xdist.scheduler import WorkStealingScheduling

from tests.support.dealing import dealt


class _Worker:
    """Takes what it is sent."""

    gateway = SimpleNamespace(id="gw")
    shutting_down = False

    def __init__(self) -> None:
        self.tests: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.tests += indices

    def send_steal(self, indices: list[int]) -> None:
        """Nothing is given up yet."""

    def shutdown(self) -> None:
        self.shutting_down = True


class _Options:
    """All that the scheduler asks of pytest's configuration."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def getvalue(self, name: str) -> list[str]:
        assert name == "tx"
        return ["popen"] * self.workers


def begun_with(tests: list[str], workers: int) -> list[list[str]]:
    """What each worker has to do at first."""
    scheduling = WorkStealingScheduling(_Options(workers))
    nodes: list[Any] = [_Worker() for _ in range(workers)]
    for node in nodes:
        scheduling.add_node(node)
        scheduling.add_node_collection(node, tests)
    scheduling.schedule()
    return [[tests[index] for index in node.tests] for node in nodes]


def is_long(test: str) -> bool:
    return test.startswith("long")


def test_every_worker_begins_with_its_share_of_what_takes_long() -> None:
    tests = [
        *(f"short-{n}" for n in range(20)),
        *(f"long-{n}" for n in range(8)),
        *(f"short-{n}" for n in range(20, 33)),
    ]

    hands = begun_with(dealt(tests, 6, is_high=is_long), 6)

    longs = [[test for test in hand if is_long(test)] for hand in hands]
    assert longs == [["long-0", "long-6"], ["long-1", "long-7"], ["long-2"], ["long-3"], ["long-4"], ["long-5"]]
    assert [hand[: len(its)] for hand, its in zip(hands, longs, strict=True)] == longs
    assert [test for hand in hands for test in hand if not is_long(test)] == [f"short-{n}" for n in range(33)]


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 9))
def test_however_many_there_are_each_is_listed_once_and_no_worker_has_two_long_ones_more_than_another_with_room(
    kinds: list[bool], workers: int
) -> None:
    tests = [f"{'long' if long else 'short'}-{n}" for n, long in enumerate(kinds)]

    listed = dealt(tests, workers, is_high=is_long)

    assert sorted(listed) == sorted(tests)
    hands = begun_with(listed, workers)
    most = max((sum(map(is_long, hand)) for hand in hands), default=0)
    assert all(sum(map(is_long, hand)) >= min(most - 1, len(hand)) for hand in hands)
