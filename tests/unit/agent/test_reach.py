"""Where a stream is read on from: beyond what no queue takes, and by a clock that is put right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from producers.pace import Pace
from producers.reach import Reach
from producers.store import Cursor
from tests.support.fake_store import OPENED

PACE = Pace()
HOUR = timedelta(hours=1)
CHECKPOINT = Cursor(OPENED, 1)
READ_TO = Cursor(OPENED + 3 * HOUR, 9)
UNTIL = OPENED + 4 * HOUR
GERMAN, BRITISH = "de.backfill.invoice", "uk.backfill.invoice"


def overlapped(cursor: Cursor) -> Cursor:
    """Where a look back from there begins."""
    return Cursor(cursor.changed_at - PACE.overlap)


@pytest.fixture
def reach() -> Reach:
    """Something after the checkpoint has no queue; it was read on from there, in the first look back."""
    made = Reach(PACE)
    made.begin(CHECKPOINT, 0, looks_back=True, went_back=False)
    made.read(Cursor(OPENED + HOUR), CHECKPOINT, unrouted={GERMAN})
    made.read(READ_TO, CHECKPOINT, unrouted=())
    return made


def test_the_checkpoint_goes_on_with_what_is_published_and_never_back() -> None:
    reach = Reach(PACE)

    assert reach.read(READ_TO, CHECKPOINT, unrouted=()) == READ_TO
    assert reach.read(CHECKPOINT, READ_TO, unrouted=()) == READ_TO
    assert reach.is_whole


def test_it_stays_before_what_no_queue_takes_and_reading_goes_on_behind_it(reach: Reach) -> None:
    assert reach.read(READ_TO, CHECKPOINT, unrouted=()) == CHECKPOINT
    assert not reach.is_whole
    assert reach.begin(CHECKPOINT, 10, looks_back=False, went_back=False) == READ_TO


def test_a_look_back_tries_it_again_and_skips_what_was_read_where_no_queue_takes_it(reach: Reach) -> None:
    step = Cursor(OPENED + HOUR)

    began = reach.begin(CHECKPOINT, 300, looks_back=True, went_back=False)
    reach.read(step, CHECKPOINT, unrouted={GERMAN})

    assert began == overlapped(CHECKPOINT)
    assert reach.after(step) == overlapped(READ_TO)
    assert reach.after(step) == step  # once


def test_a_look_back_skips_nothing_once_a_queue_takes_it(reach: Reach) -> None:
    step = Cursor(OPENED + HOUR)

    reach.begin(CHECKPOINT, 300, looks_back=True, went_back=False)
    reach.read(step, CHECKPOINT, unrouted=())

    assert reach.after(step) == step
    assert reach.is_whole


def test_once_an_hour_a_look_back_skips_nothing_that_may_have_a_queue_by_now(reach: Reach) -> None:
    step = Cursor(OPENED + HOUR)
    reach.read(READ_TO, CHECKPOINT, unrouted={BRITISH})

    reach.begin(CHECKPOINT, 3600, looks_back=True, went_back=False)
    reach.read(step, CHECKPOINT, unrouted={GERMAN})

    assert reach.after(step) == step


def test_what_all_goes_the_way_that_no_queue_takes_is_skipped_even_then(reach: Reach) -> None:
    step = Cursor(OPENED + HOUR)
    reach.read(READ_TO, CHECKPOINT, unrouted={BRITISH})

    for hours in (1, 2):
        reach.begin(CHECKPOINT, hours * 3600, looks_back=True, went_back=False)
        reach.read(step, CHECKPOINT, unrouted={GERMAN, BRITISH})

        assert reach.after(step) == overlapped(READ_TO)
        reach.read(READ_TO, CHECKPOINT, unrouted=())


def test_once_a_day_even_that_is_read_for_a_row_may_show_late(reach: Reach) -> None:
    step = Cursor(OPENED + HOUR)

    for hours, after in ((23, overlapped(READ_TO)), (24, step), (25, overlapped(READ_TO))):
        reach.begin(CHECKPOINT, hours * 3600, looks_back=True, went_back=False)
        reach.read(step, CHECKPOINT, unrouted={GERMAN})

        assert reach.after(step) == after
        reach.read(READ_TO, CHECKPOINT, unrouted=())


def test_looks_back_begin_so_long_after_one_another_as_the_pace_says() -> None:
    reach = Reach(PACE)

    first = reach.looks_back(7)
    reach.looked_back(7)

    assert first
    assert not reach.looks_back(306)
    assert reach.looks_back(307)


def test_a_checkpoint_beyond_now_shows_a_clock_that_was_ahead_and_nothing_is_skipped_then(reach: Reach) -> None:
    until, again = OPENED - HOUR, Cursor(OPENED - 2 * HOUR)

    assert reach.went_back(CHECKPOINT, until)
    assert reach.begin(again, 10, looks_back=False, went_back=True) == again
    assert reach.is_whole


def test_a_place_beyond_now_is_forgotten_though_the_checkpoint_is_before_it(reach: Reach) -> None:
    assert not reach.went_back(CHECKPOINT, OPENED + 2 * HOUR)
    assert reach.begin(CHECKPOINT, 10, looks_back=False, went_back=False) == CHECKPOINT


def test_a_clock_that_goes_on_forgets_nothing(reach: Reach) -> None:
    assert not reach.went_back(CHECKPOINT, UNTIL)
    assert reach.begin(CHECKPOINT, 10, looks_back=False, went_back=False) == READ_TO


def test_a_clock_that_is_a_little_behind_reads_its_last_minute_and_forgets_nothing(reach: Reach) -> None:
    until = READ_TO.changed_at - timedelta(minutes=9)

    after = reach.in_time(READ_TO, until)
    reach.read(after, CHECKPOINT, unrouted={GERMAN})

    assert after == Cursor(until - PACE.lag)
    assert reach.begin(CHECKPOINT, 10, looks_back=False, went_back=False) == READ_TO
