"""What the forecast of a lane counts: each event once, wherever it waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.envelope import Lane
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import AMPLE, ORG, event, lease_of, opened
from worker.buffer.work import Work
from worker.documents.documents import EntityKey
from worker.ledger.ledger import Ledger
from worker.ledger.records import Held
from worker.metrics.shared import Shared, read_shared


class Queues:
    """A broker with ten messages of the immediate lane."""

    async def depth(self, queue: str) -> int:
        return 10 if queue.endswith(".immediate") else 0


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=FakeClock()) as ledger:
        yield ledger


async def seen(ledger: Ledger, works: Sequence[Work]) -> Shared:
    return await read_shared(
        ORG, connection="xero", limits=AMPLE, ledger=ledger, broker=Queues(), works=works, opening=None
    )


def taken(held: Held) -> Work:
    """As a worker has it in memory."""
    return Work(held.event_id, EntityKey(ORG, "shop", "payment", "1"), START, START, held.lane, b"", held_id=held.id)


def came(number: int) -> Work:
    """As the broker delivered it."""
    return Work(f"new-{number}", EntityKey(ORG, "shop", "payment", "1"), START, START, Lane.IMMEDIATE, b"")


async def test_a_retried_event_is_waited_for_once_wherever_it_is(ledger: Ledger) -> None:
    retried = [event(number, lane=Lane.IMMEDIATE, until=START) for number in range(500)]
    await ledger.held.hold(await lease_of(ledger), [*retried, event(500, until=START + timedelta(days=1))])

    before = await seen(ledger, [])
    later = await seen(ledger, [*map(taken, retried[:200]), *map(came, range(7))])

    assert before.outlook is not None
    assert later.outlook is not None
    assert before.outlook.waiting == {Lane.IMMEDIATE: 510, Lane.BATCH: 0, Lane.BACKFILL: 0}
    assert later.outlook.waiting[Lane.IMMEDIATE] == 517
    # what a worker stands still with is what it has at hand
    assert (before.waiting_in[Lane.IMMEDIATE], later.waiting_in[Lane.IMMEDIATE]) == (10, 217)
