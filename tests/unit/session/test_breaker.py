from __future__ import annotations

from worker.session.breaker import Breaker


def opened(*, at: float) -> Breaker:
    """A breaker whose second failure in a row was then."""
    breaker = Breaker()
    breaker.failed(at)
    breaker.failed(at)
    return breaker


def test_one_lost_reply_does_not_open_it() -> None:
    breaker = Breaker()

    breaker.failed(10.0)

    assert not breaker.is_open
    assert [breaker.lets_through(at) for at in (10.0, 10.0)] == [True, True]


def test_it_opens_at_the_second_failure_and_lets_a_probe_through_every_30_seconds() -> None:
    breaker = opened(at=11.0)

    assert breaker.is_open
    assert breaker.wait_s(11.0) == 30.0
    assert [breaker.lets_through(at) for at in (40.9, 41.0, 41.0, 70.9, 71.0)] == [False, True, False, False, True]


def test_the_turn_of_what_came_to_no_call_is_free_again() -> None:
    breaker = opened(at=0.0)
    breaker.lets_through(30.0)

    breaker.not_sent(30.0)

    assert [breaker.lets_through(at) for at in (30.1, 30.2)] == [True, False]


def test_a_failure_meanwhile_keeps_the_turn() -> None:
    breaker = opened(at=0.0)
    breaker.lets_through(30.0)
    breaker.failed(31.0)

    breaker.not_sent(30.0)

    assert breaker.wait_s(31.0) == 30.0


def test_an_answer_closes_it() -> None:
    breaker = opened(at=0.0)

    breaker.succeeded()

    assert not breaker.is_open
    assert breaker.wait_s(0.0) == 0.0


def test_it_gives_up_when_a_call_has_no_answer_5_minutes_after_the_first() -> None:
    breaker = opened(at=0.0)
    given_up = []

    for at in (30.0, 299.0, 300.0):
        breaker.failed(at)
        given_up.append(breaker.is_down_for_long)

    assert given_up == [False, False, True]
    breaker.succeeded()
    assert not breaker.is_down_for_long


def test_a_failure_of_long_ago_does_not_count_to_the_5_minutes() -> None:
    breaker = opened(at=0.0)

    breaker.failed(3_600.0)

    assert breaker.is_open
    assert not breaker.is_down_for_long
