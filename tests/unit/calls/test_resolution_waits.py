"""How long after its last send a payment whose reply was lost is looked up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.fakes import START, FakeClock
from tests.support.mapping_cases import event, invoice, line, payment
from tests.support.serving_fakes import served
from worker.calls.resolution import Resolution
from worker.clock import SystemClock
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.session.sleepers import Sleepers
from worker.xero.replies.reply import Reply, ReplyKind


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
    sleepers: Sleepers = field(default_factory=Sleepers)

    @property
    def ledger(self) -> LedgerTime:
        return LedgerTime(self.clock)


@dataclass
class Remembering(SystemClock):
    """No wait is long, and each is remembered."""

    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(min(seconds, 0.02))


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


async def test_a_payment_that_may_be_there_is_not_asked_for_and_sent_again_before_that(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.acked(*one.receive(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))))
        one.session.clock = clock = Remembering()
        before: list[float] = []

        def listed(call: Call) -> Reply:
            before.extend(clock.slept)
            return one.xero.take(call)

        one.xero.answers[Kind.PAYMENT] = [lambda _: Reply(ReplyKind.SERVER_ERROR, 500), listed]

        await one.acked(*one.receive(event(Entity.PAYMENT, payment())))

        purposes = [call.purpose for call in one.xero.calls if call.kind is Kind.PAYMENT]
        assert purposes == [Purpose.WRITE, Purpose.LOOKUP, Purpose.WRITE]
        assert 390 < max(before) <= 420
