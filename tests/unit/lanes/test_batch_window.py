"""How much of the batch queue an opening is for."""

from __future__ import annotations

from worker.lanes.batch_window import ZEROS, BatchWindow


def opened(depth: int) -> BatchWindow:
    """A window that has learnt what waited at its opening."""
    window = BatchWindow()
    window.open()
    window.learn(depth)
    return window


def test_what_comes_after_the_opening_is_left_to_the_next() -> None:
    window = opened(3)

    window.taken(2)
    window.learn(50)
    window.taken(1)

    assert (window.remaining, window.asks) == (0, False)


def test_eight_answers_of_none_in_a_row_end_a_window_and_no_fewer() -> None:
    window = opened(3)

    for depth in [*[0] * (ZEROS - 1), 3, *[0] * (ZEROS - 1)]:
        window.learn(depth)
    before = window.asks
    window.learn(0)

    assert (before, window.asks) == (True, False)


def test_each_opening_begins_the_count_of_such_answers_anew() -> None:
    window = BatchWindow()
    window.open()
    for _ in range(ZEROS - 1):
        window.learn(0)

    window.open()
    window.learn(0)

    assert window.asks


def test_what_went_back_is_taken_again_but_not_in_place_of_what_was_taken_beyond_it() -> None:
    window = opened(3)
    window.taken(5)

    window.returned(0)
    before = window.asks
    window.returned(2)

    assert (before, window.remaining) == (False, 2)


def test_another_window_opens_and_the_first_that_is_known_does_not() -> None:
    window = BatchWindow()

    window.at(7)
    first = window.asks
    window.at(7)
    same = window.asks
    window.at(8)

    assert (first, same, window.asks) == (False, False, True)
