"""Wrong tokens from very many addresses."""

from __future__ import annotations

from tests.support.fakes import FakeClock
from worker.console.sessions import _MOST_ADDRESSES, TRIES, Attempts


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
