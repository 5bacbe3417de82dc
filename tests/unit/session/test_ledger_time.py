"""The ledger's time: of its word and the seconds since, whatever this machine's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from worker.session.ledger_time import LedgerTime

HERE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class ShiftedClock:
    """A machine's clock, and the seconds it has run for."""

    def __init__(self) -> None:
        self.shown, self.ran_s = HERE, 100.0

    def now(self) -> datetime:
        return self.shown

    def monotonic(self) -> float:
        return self.ran_s

    async def sleep(self, _seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


def test_until_the_ledger_has_spoken_the_machine_is_believed() -> None:
    time = LedgerTime(ShiftedClock())

    assert time.now() == HERE


def test_what_the_ledger_said_goes_on_by_the_seconds_since() -> None:
    clock = ShiftedClock()
    time = LedgerTime(clock)
    time.hear(HERE + timedelta(minutes=7))

    clock.shown += timedelta(hours=3)  # put forward
    clock.ran_s += 20

    assert time.now() == HERE + timedelta(minutes=7, seconds=20)
    assert time.in_s(40) == HERE + timedelta(minutes=8)
