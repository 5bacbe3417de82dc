"""How long after its last send a payment whose reply was lost is looked up."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes import START, FakeClock
from worker.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.resolution import Resolution


@dataclass
class LedgerTime:
    """All of a ledger that a wait asks for."""

    clock: FakeClock

    async def now(self) -> Any:
        return self.clock.now()


@dataclass
class Waiting:
    """All of a session that a wait asks for."""

    clock: FakeClock = field(default_factory=FakeClock)

    @property
    def ledger(self) -> LedgerTime:
        return LedgerTime(self.clock)

    def sleeps(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


@pytest.mark.parametrize(
    ("kind", "sent_s_ago", "waited_s"),
    [
        (Kind.PAYMENT, 0, 420),
        (Kind.PAYMENT, 100, 320),
        (Kind.ALLOCATION, 500, 0),
        (Kind.PAYMENT, -6 * 3600, 420),  # by a clock that was ahead and is put right
        (Kind.INVOICE, 0, 0),
    ],
)
async def test_a_payment_is_looked_up_seven_minutes_after_it_was_sent(
    kind: Kind, sent_s_ago: float, waited_s: float
) -> None:
    session: Any = Waiting()
    settlement: Any = None
    sent_at = START - timedelta(seconds=sent_s_ago)
    call = Call("c1", "main", Purpose.WRITE, kind, "PUT", "/Payments", {}, b"", "key", (), sent_at, sent_at)

    await Resolution(session=session, settlement=settlement).wait_until_visible(call)

    assert session.clock.monotonic() == waited_s
