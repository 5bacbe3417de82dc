from __future__ import annotations

from worker.breaker import Breaker


def test_one_lost_reply_does_not_open_it() -> None:
    breaker = Breaker()

    breaker.failed(10.0)

    assert not breaker.is_open
    assert breaker.wait_s(10.0) == 0.0


def test_it_opens_at_the_second_failure_and_asks_for_a_probe_every_30_seconds() -> None:
    breaker = Breaker()

    breaker.failed(10.0)
    breaker.failed(11.0)

    assert breaker.is_open
    assert breaker.wait_s(11.0) == 30.0
    assert breaker.wait_s(45.0) == 0.0


def test_it_gives_up_after_five_minutes_and_closes_at_an_answer() -> None:
    breaker = Breaker()
    breaker.failed(0.0)
    breaker.failed(30.0)

    assert not breaker.is_down_for_long(299.0)
    assert breaker.is_down_for_long(300.0)

    breaker.succeeded()
    assert not breaker.is_open
