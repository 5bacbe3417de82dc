"""Which held events a session has taken in hand: nobody takes them a second time meanwhile, and again afterwards."""

from __future__ import annotations

import pytest

from worker.buffer.buffer import Buffer
from worker.session.returning import Returning


def test_an_event_is_in_hand_until_the_last_that_takes_it_in_is_done() -> None:
    returning = Returning(Buffer())

    with returning.takes_in(["h1", "h2", None]):
        with pytest.raises(ValueError, match="cut off"), returning.takes_in(["h1"]):
            raise ValueError("cut off")
        meanwhile = returning.here()

    assert (meanwhile, returning.here()) == ({"h1", "h2"}, set())


def test_what_a_call_releases_is_due_at_once() -> None:
    returning = Returning(Buffer())

    returning.release(["h1", "h2"])

    assert returning.is_due.is_set()
    assert returning.released == {"h1", "h2"}


def test_what_a_transaction_drops_does_not_come_back_with_a_look_that_found_it() -> None:
    returning = Returning(Buffer())

    returning.drops(["h1"])
    returning.look()  # before it has committed
    under_way = returning.is_told("h1")
    returning.has_dropped(["h1"])

    assert (under_way, returning.is_told("h1"), returning.is_told("h2")) == (True, True, False)


def test_what_is_held_again_after_it_was_dropped_comes_back_with_the_next_look() -> None:
    returning = Returning(Buffer())
    returning.drops(["h1"])
    returning.has_dropped(["h1"])

    returning.look()

    assert not returning.is_told("h1")
