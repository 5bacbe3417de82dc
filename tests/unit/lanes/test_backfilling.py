"""When a backfill counts as over."""

from __future__ import annotations

from worker.lanes.backfilling import Backfilling


def test_it_is_over_when_nothing_has_come_for_15_seconds() -> None:
    backfilling = Backfilling(0.0)
    backfilling.came(100.0)

    assert not backfilling.is_over(114.0, 0, says_its_end=False)
    assert backfilling.is_over(115.0, 0, says_its_end=False)


def test_it_is_not_over_while_something_waits_in_the_queue() -> None:
    assert not Backfilling(0.0).is_over(1_000.0, 1, says_its_end=False)


def test_a_publisher_that_pauses_is_given_twice_as_long() -> None:
    backfilling = Backfilling(0.0)
    backfilling.came(1.0)
    assert backfilling.is_over(31.0, 0, says_its_end=False)
    backfilling.came(41.0)
    backfilling.came(41.5)  # the rest of the page

    assert not backfilling.is_over(41.5 + 79.0, 0, says_its_end=False)
    assert backfilling.is_over(41.5 + 80.0, 0, says_its_end=False)


def test_what_says_its_end_is_given_15_seconds_behind_it() -> None:
    backfilling = Backfilling(0.0)
    backfilling.came(1.0)
    backfilling.is_over(31.0, 0, says_its_end=True)
    backfilling.came(41.0)

    assert backfilling.is_over(56.0, 0, says_its_end=True)


def test_before_the_first_of_it_there_was_no_pause() -> None:
    backfilling = Backfilling(0.0)
    backfilling.is_over(50.0, 0, says_its_end=False)
    backfilling.came(60.0)

    assert backfilling.is_over(75.0, 0, says_its_end=False)


def test_a_pause_with_a_full_queue_was_the_workers_own() -> None:
    backfilling = Backfilling(0.0)
    backfilling.came(1.0)
    assert not backfilling.is_over(31.0, 7, says_its_end=False)
    backfilling.came(41.0)

    assert backfilling.is_over(56.0, 0, says_its_end=False)


def test_what_comes_after_minutes_is_a_beginning() -> None:
    backfilling = Backfilling(0.0)
    for now in (1.0, 41.0, 500.0):
        backfilling.came(now)
        backfilling.is_over(now, 0, says_its_end=False)

    assert backfilling.is_over(515.0, 0, says_its_end=False)
