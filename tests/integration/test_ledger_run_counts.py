"""A run counts the end of an event in the transaction that writes that end down, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from producers.runs import Run
from schemas.commands import ResyncAll
from tests.agent_fixture import message
from tests.fakes import FakeClock
from tests.sample_ledger import event, key, lease_of, open_call, opened, write
from worker.ledger.errors import LeaseLost
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, HoldState, Lease

RUN = Run("run-1", "resync-all", ResyncAll())
ONE = {RUN.id: {"written": 1}}


@pytest.fixture
async def ledger(database_url: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(database_url, clock=clock) as ledger:
        await ledger.store("shop", holder="agent")[1].record(RUN, message(RUN.name, RUN.command, RUN.id))
        yield ledger


def ends(ledger: Ledger, call: Call) -> list[Callable[[Lease], Awaitable[object]]]:
    """Everything that ends events."""
    return [
        lambda of: ledger.calls.close(of, call.id, status=200, count=lambda _: ONE),
        lambda of: ledger.documents.settle_unchanged(of, [], completed=[], count=lambda _: ONE),
        lambda of: ledger.held.remove(of, ["nonsense"], ONE),
        lambda of: ledger.held.hold(of, [event(2)], count=lambda *_: ONE),
        lambda of: ledger.held.expire_parents(of, timedelta(0), count=lambda all_: {RUN.id: {"parked": len(all_)}}),
    ]


async def counted(ledger: Ledger) -> tuple[int, int]:
    """What the run has as written, and as parked."""
    [status] = await ledger.runs.latest()
    return status.written, status.parked


async def test_each_end_is_counted_with_what_it_writes(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))
    await ledger.held.hold(lease, [event(1, HoldState.PARENT, parent=key(9))])

    for end in ends(ledger, call):
        await end(lease)

    assert await counted(ledger) == (4, 1)


async def test_nothing_is_counted_for_who_has_lost_the_lease(ledger: Ledger, clock: FakeClock) -> None:
    old = await lease_of(ledger)
    call = await open_call(ledger, old, write(1))
    clock.advance(16)
    await lease_of(ledger, "w2")

    for end in ends(ledger, call):
        with pytest.raises(LeaseLost):
            await end(old)

    assert await counted(ledger) == (0, 0)


async def test_a_call_that_is_closed_twice_counts_once(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))

    for _ in range(2):
        await ledger.calls.close(lease, call.id, status=200, count=lambda _: ONE)

    assert await counted(ledger) == (1, 0)
