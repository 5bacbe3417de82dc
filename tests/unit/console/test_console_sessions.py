"""How long a session lasts that is used, and wrong tokens from very many addresses."""

from __future__ import annotations

from tests.support.fakes import FakeClock
from worker.console.sessions import _MOST_ADDRESSES, IDLE_S, LIFE_S, TRIES, Attempts, Sessions


def test_a_session_that_is_used_lasts_to_the_end_of_its_life() -> None:
    clock = FakeClock()
    sessions = Sessions(clock)
    session = sessions.open("Ann")
    step = IDLE_S - 1

    for _ in range(int(LIFE_S // step)):
        clock.advance(step)
        assert sessions.find(session.id) is session
    clock.advance(step)

    assert sessions.find(session.id) is None


def test_beyond_the_most_addresses_the_newest_waits_and_the_first_is_forgotten() -> None:
    attempts = Attempts(FakeClock())
    crowd = [f"10.0.{number // 250}.{number % 250}" for number in range(_MOST_ADDRESSES)]
    for address in crowd[:1] * (TRIES - 1) + crowd:
        attempts.failed(address)
    full = attempts.wait_s(crowd[0])

    for _ in range(TRIES):
        attempts.failed("192.0.2.1")

    assert attempts.wait_s("192.0.2.1") == full == 60
    assert attempts.wait_s(crowd[0]) == 0
