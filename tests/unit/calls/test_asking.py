"""A question to Xero before a call is settled: how long it waits for its turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes import FakeClock
from tests.support.sample_ledger import AMPLE, lease_of, open_call, opened, write
from tests.support.serving_fakes import MemoryBroker, MemoryXero, session_of
from worker.calls.refusals.asking import ask_soon
from worker.ledger.records import Call, Purpose
from worker.session.session import Session


class ClosingClock(FakeClock):
    """A clock on which the call that it is given ends when its time has come."""

    def __init__(self) -> None:
        super().__init__()
        self.ending: tuple[Session, Call, float] | None = None

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if self.ending is not None and self.monotonic() >= self.ending[2]:
            session, call, _ = self.ending
            self.ending = None
            await session.ledger.calls.close(session.lease, call.id, status=200)


@dataclass
class Asking:
    """A session with an answered call, which has the one place in flight beside another that is under way."""

    session: Session
    xero: MemoryXero
    clock: ClosingClock
    answered: Call
    other: Call

    def other_ends_at(self, seconds: float) -> None:
        self.clock.ending = self.session, self.other, seconds

    async def ask(self) -> Sequence[Mapping[str, Any]] | None:
        return await ask_soon(self.session, purpose=Purpose.LOOKUP, path="/Contacts", params={}, answered=self.answered)


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[Asking]:
    clock, xero = ClosingClock(), MemoryXero()
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db", clock=clock) as ledger:
        lease = await lease_of(ledger)
        session = session_of(ledger, lease, MemoryBroker(), xero)
        session.clock, session.limits = clock, replace(AMPLE, concurrent=1)
        answered, other = [await open_call(ledger, lease, write(number)) for number in (1, 2)]
        yield Asking(session, xero, clock, answered, other)


async def test_a_question_is_asked_once_another_that_took_long_gives_its_place_back(asking: Asking) -> None:
    asking.other_ends_at(20.0)

    assert await asking.ask() is not None

    assert [call.path for call in asking.xero.calls] == ["/Contacts"]


async def test_a_question_for_which_no_place_comes_free_within_a_minute_is_not_asked(asking: Asking) -> None:
    assert await asking.ask() is None

    assert asking.xero.calls == []
    assert asking.clock.monotonic() <= 60


async def test_a_question_for_which_the_days_calls_are_spent_waits_for_none(asking: Asking) -> None:
    asking.session.limits = replace(AMPLE, day=2)

    assert await asking.ask() is None

    assert asking.xero.calls == []
    assert asking.clock.monotonic() == 0
