"""Whatever Xero refuses, nothing stays behind in a worker's memory: it is written, or waits in the ledger."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.envelope import Lane
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Arrival, Shop
from tests.benchmarks.simulation.virtual import elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.documents.documents import Kind

pytestmark = pytest.mark.usefixtures("quiet_logs")

SHOP = Shop("main", LANES)
_OF_ONE = "this cannot be done"
_ACCOUNT = "Account code '200' is not a valid code for this document."
_QUIET_S = 60.0
_REFUSABLE = (Kind.CONTACT, Kind.ITEM, Kind.INVOICE, Kind.CREDIT_NOTE)


@dataclass(frozen=True)
class Trade:
    """So many sales within so many seconds; of what can be refused, so many in a hundred are, with that message."""

    sales: int
    within_s: float
    refused: int
    message: str
    seed: int


def arrivals(trade: Trade) -> list[Arrival]:
    """Each sale with its customer, its money and mostly a refund, some of them twice, in an order of their own."""
    chance = random.Random(trade.seed)
    found: list[Arrival] = []
    for sale in range(trade.sales):
        person, begins = sale // 3, chance.uniform(0, trade.within_s)
        for _ in range(chance.randint(1, 2)):
            times = iter([begins + chance.uniform(0, 3) for _ in range(6)])
            found += [
                SHOP.customer(person, next(times), Lane.IMMEDIATE),
                SHOP.product(sale % 7, next(times), Lane.IMMEDIATE),
                SHOP.invoice(sale, person, next(times), Lane.IMMEDIATE),
                SHOP.payment(sale, person, next(times), Lane.IMMEDIATE),
                *SHOP.refund(sale, person, next(times), Lane.IMMEDIATE),
            ]
    return sorted(found, key=lambda one: one.at)


def refusing(trade: Trade) -> VirtualXero:
    chance = random.Random(trade.seed)
    verdicts: dict[tuple[Kind, str], bool] = {}

    def verdict(kind: Kind, reference: str) -> str:
        refused = verdicts.setdefault((kind, reference), chance.randrange(100) < trade.refused)
        return trade.message if refused and kind in _REFUSABLE else ""

    return VirtualXero(day=5_000, minute=600, seed=trade.seed, verdict=verdict)


async def traded(trade: Trade) -> tuple[World, VirtualXero, int]:
    """The world a minute after the last event, and how many messages the worker has not acknowledged."""
    xero = refusing(trade)
    world = World([organisation(day=5_000, minute=600)], {"main": xero}, grain_s=0.25)
    process = Process("worker-0", world, mortal=True)
    process.start()
    for arrival in arrivals(trade):
        await asyncio.sleep(max(0.0, arrival.at - elapsed()))
        world.publish("main", arrival)
    await asyncio.sleep(_QUIET_S)
    unacknowledged = process.consumer.unacknowledged
    await process.end()
    return world, xero, unacknowledged


def without_end(world: World) -> list[str]:
    """Events that are neither done, nor held, nor were they a person's."""
    told = {held.event_id for held in (*world.ledger.books.held.values(), *world.watch.parked)}
    return [one for (_, one), event in world.watch.events.items() if event.done_at is None and one not in told]


trades = st.builds(
    Trade,
    sales=st.integers(1, 60),
    within_s=st.sampled_from([1.0, 20.0, 120.0]),
    refused=st.sampled_from([2, 10, 50, 100]),
    message=st.sampled_from([_OF_ONE, _ACCOUNT]),
    seed=st.integers(0, 1_000_000),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trade=trades)
def test_whatever_is_refused_nothing_stays_in_memory(trade: Trade) -> None:
    world, xero, unacknowledged = run_virtually(traded(trade))

    assert unacknowledged == 0
    assert world.broker.most_deliveries == 1, "a session that failed returns what it holds"
    assert without_end(world) == []
    assert xero.duplicated == 0
