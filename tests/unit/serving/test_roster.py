from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from worker.serving.roster import shares, to_acquire, to_give_up


def test_shares_differ_by_one_at_most() -> None:
    assert shares(10, 3) == (3, 4)
    assert shares(4, 4) == (1, 1)
    assert shares(2, 5) == (0, 1)


def test_a_worker_that_joins_gets_its_share_from_those_that_have_more() -> None:
    holders = {"a": "w1", "b": "w1", "c": "w1", "d": "w1"}

    assert len(to_give_up("w1", list("abcd"), holders, ["w1", "w2"])) == 2


def test_a_dead_workers_organisations_are_taken() -> None:
    assert sorted(to_acquire("w2", ["a", "b"], {}, ["w2"])) == ["a", "b"]


@given(st.integers(0, 12), st.integers(1, 5), st.integers(0, 2**32))
def test_from_any_start_the_shares_become_even_and_stay(organisations: int, workers: int, seed: int) -> None:
    orgs, names = [f"o{i}" for i in range(organisations)], [f"w{i}" for i in range(workers)]
    chance = random.Random(seed)
    holders = {org: chance.choice([*names, "gone"]) for org in orgs}
    holders = {org: holder for org, holder in holders.items() if holder != "gone"}

    for _ in range(20):
        for name in names:
            for org in to_give_up(name, orgs, holders, names):
                del holders[org]
            for org in to_acquire(name, orgs, holders, names):
                holders[org] = name

    counts = [sum(1 for holder in holders.values() if holder == name) for name in names]
    assert sum(counts) == organisations
    assert max(counts) - min(counts) <= 1
