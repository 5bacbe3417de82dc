"""How many documents a call is offered: each is looked up in the ledger, and the calls are to be full."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from schemas.envelope import Lane
from tests.benchmarks.simulation.broker import Message
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Arrival, Shop
from tests.benchmarks.simulation.virtual import elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.documents.documents import Kind
from worker.ledger.records import Opened

pytestmark = pytest.mark.usefixtures("quiet_logs")

SHOP = Shop("main", LANES)


class Watched:
    """The ledger's calls; of each try to open one of that kind, how many documents it was offered and carried."""

    def __init__(self, calls: Any, kind: Kind) -> None:
        self._calls = calls
        self._kind = kind
        self.tried: list[tuple[int, int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._calls, name)

    async def open_write(self, *args: Any, **named: Any) -> Any:
        opened = await self._calls.open_write(*args, **named)
        carried = len(opened.call.members) if isinstance(opened, Opened) and opened.call else 0
        if named["kind"] is self._kind:
            self.tried.append((len(named["writes"]), carried))
        return opened


def customers(numbers: Iterable[int], *, city: bytes = b"Leeds", version: float = 1.0) -> list[Arrival]:
    """Who lives there now."""
    return [moved(SHOP.customer(number, version, Lane.IMMEDIATE), city) for number in numbers]


def moved(arrival: Arrival, city: bytes) -> Arrival:
    """The same customer in another city."""
    body, message = arrival.message.make().replace(b"Leeds", city), arrival.message
    return replace(arrival, message=Message(message.routing_key, message.message_id, lambda: body))


async def tried_for(*rushes: list[Arrival], kind: Kind = Kind.CONTACT) -> list[tuple[int, int]]:
    """What was tried for the last of these rushes, each of which comes at once when the one before is done."""
    xero = VirtualXero(minute=100_000, day=100_000, concurrent=100)
    world = World([organisation(minute=10_000, day=100_000, concurrent=100, burst=1.0)], {"main": xero}, grain_s=0.0)
    watched = Watched(world.ledger.calls, kind)
    world.ledger.calls = watched  # type: ignore[assignment] # what it passes on is the same
    process = Process("worker-0", world)
    process.start()
    for rush in rushes:
        await asyncio.sleep(5)
        watched.tried.clear()
        for arrival in rush:
            world.publish("main", arrival)
        while world.watch.open and elapsed() < 60:  # noqa: ASYNC110 - virtual time has to pass
            await asyncio.sleep(0.1)
    await process.stop()
    assert world.watch.open == 0
    return watched.tried


def test_a_call_is_offered_no_more_than_it_takes() -> None:
    tried = run_virtually(tried_for(customers(range(200))))

    assert tried == [(50, 50)] * 4


def test_where_new_ones_and_changed_ones_come_together_calls_are_full_all_the_same() -> None:
    tried = run_virtually(tried_for(customers(range(0, 200, 2)), customers(range(200), city=b"York", version=2.0)))

    assert sorted(carried for _, carried in tried if carried) == [50] * 4


def test_what_goes_alone_is_tried_once_however_many_wait() -> None:
    """Xero takes the allocations of one credit note in a call."""
    sold = [SHOP.invoice(number, number, 1.0, Lane.IMMEDIATE) for number in range(130)]
    refunded = [SHOP.refund(number, number, 2.0, Lane.IMMEDIATE, paid=False) for number in range(130)]

    tried = run_virtually(tried_for(sold, [memo for memos in refunded for memo in memos], kind=Kind.ALLOCATION))

    assert max(offered for offered, _ in tried) == 50
    assert [carried for _, carried in tried] == [1] * 130
