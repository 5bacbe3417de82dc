"""The request report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from tests.support.fakes import FakeClock
from tests.support.sample_ledger import AMPLE, ORG, lease_of, open_call, opened, write
from worker.ledger.ledger import Ledger
from worker.ledger.records import Purpose
from worker.views.requests import Count, DayCount, Use, requests


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
        yield ledger


async def test_calls_are_counted_by_purpose_today_and_by_day_before(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    for number, answer in ((1, 200), (2, 503)):
        call = await open_call(ledger, lease, write(number), write(10 + number))
        await ledger.calls.close(lease, call.id, status=answer)
    clock.advance(86_400)
    resent = await open_call(ledger, await lease_of(ledger), write(3))
    await ledger.calls.resend(await lease_of(ledger), resent.id, limits=AMPLE)
    await ledger.calls.close(await lease_of(ledger), resent.id, status=200)

    report = await requests(ledger, ORG, limits=AMPLE)

    today, before = Count(1, 2, 1, 0), Count(2, 2, 4, 1)
    assert report.today == (Use(Purpose.WRITE, "Invoices", today),)
    assert report.days[-2:] == (
        DayCount(date(2026, 3, 2), before, {Purpose.WRITE: before}),
        DayCount(date(2026, 3, 3), today, {Purpose.WRITE: today}),
    )
    assert [day.count for day in report.days[:-2]] == [Count()] * 28
    assert (report.budget.used, before.documents_per_call, Count().documents_per_call) == (4, 2.0, 0.0)
