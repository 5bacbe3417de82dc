"""Whatever dies, whatever comes late or twice: in the end Xero has the newest version of each sale, once."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.envelope import Lane
from tests.benchmarks.simulation.broker import Message
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Arrival, Shop
from tests.benchmarks.simulation.virtual import elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import Outage, VirtualXero
from worker.documents.documents import Kind

pytestmark = pytest.mark.usefixtures("quiet_logs")

SHOP = Shop("main", LANES)
_FIRST_LINE = re.compile(rb'("lines":\[\{"sku":"[^"]*","name":")[^"]*')
_LATEST_S = 7_200.0


@dataclass(frozen=True)
class Trade:
    """Sales of up to four versions, the last of which may be cancelled, while workers are killed and Xero is away."""

    sales: int
    within_s: float
    late_s: float
    lanes: tuple[Lane, ...]
    kills: int
    outage_s: float
    seed: int


@dataclass(frozen=True)
class Edit:
    """One version of a sale: what its first line reads, or that it is cancelled; published some time after it was."""

    sale: int
    text: str
    cancelled: bool
    arrival: Arrival
    published_s: float


def edited(arrival: Arrival, text: str, *, cancelled: bool) -> Arrival:
    body = _FIRST_LINE.sub(rb"\1" + text.encode(), arrival.message.make(), count=1)
    body = body.replace(b'"cancelled":false', b'"cancelled":true') if cancelled else body
    return replace(arrival, message=Message(arrival.message.routing_key, arrival.message.message_id, lambda: body))


def edits_of(trade: Trade, sale: int, chance: random.Random) -> Iterator[Edit]:
    """Oldest first, some of them twice."""
    begins = chance.uniform(0, trade.within_s)
    times = sorted({round(begins + chance.uniform(0, trade.within_s), 3) for _ in range(chance.randint(1, 4))})
    cancelled_from = chance.randrange(2 * len(times))
    for place, at in enumerate(times):
        is_cancelled, text = place >= cancelled_from, f"version {place}"
        invoice = SHOP.invoice(sale, sale // 3, at, chance.choice(trade.lanes))
        for _ in range(chance.choice([1, 1, 2])):
            published = at + chance.uniform(0, trade.late_s)
            yield Edit(sale, text, is_cancelled, edited(invoice, text, cancelled=is_cancelled), published)


async def killing(world: World, trade: Trade, chance: random.Random) -> Process:
    """One worker after the other, each with a clock of its own; the last lives."""
    processes = [
        Process(f"worker-{number}", world, skew_s=chance.choice([0, 30, -30]), mortal=True)
        for number in range(trade.kills + 1)
    ]
    for process in processes[:-1]:
        process.start()
        await asyncio.sleep(chance.uniform(0.5, trade.within_s + 20))
        await process.end()
    processes[-1].start()
    return processes[-1]


async def traded(trade: Trade) -> tuple[World, VirtualXero, list[Edit]]:
    """The world when every event has come to its end, or after two hours."""
    chance = random.Random(trade.seed)
    edits = [edit for sale in range(trade.sales) for edit in edits_of(trade, sale, chance)]
    begins = chance.uniform(0, trade.within_s)
    outage = Outage(begins, begins + trade.outage_s, half_s=5.0) if trade.outage_s else None
    xero = VirtualXero(day=5_000, minute=600, seed=trade.seed, outage=outage)
    world = World([organisation(day=5_000, minute=600)], {"main": xero}, grain_s=0.25)
    workers = asyncio.create_task(killing(world, trade, chance))
    for edit in sorted(edits, key=lambda edit: edit.published_s):
        await asyncio.sleep(max(0.0, edit.published_s - elapsed()))
        world.publish("main", edit.arrival)
    while elapsed() < _LATEST_S and (world.watch.open or not workers.done()):  # noqa: ASYNC110 - virtual time has to pass
        await asyncio.sleep(5)
    await (await workers).end()
    return world, xero, edits


def is_as_last_said(edit: Edit, xero: VirtualXero) -> bool:
    element = xero.by_number.get((Kind.INVOICE, f"I-shop-{1_000_000 + edit.sale}"))
    if edit.cancelled:
        return element is None or element["Status"] == "VOIDED"
    return (
        element is not None
        and element["Status"] == "AUTHORISED"
        and element["LineItems"][0]["Description"] == edit.text
    )


trades = st.builds(
    Trade,
    sales=st.integers(1, 40),
    within_s=st.sampled_from([1.0, 10.0, 120.0]),
    late_s=st.sampled_from([0.0, 1.0, 60.0]),
    lanes=st.sampled_from([(Lane.IMMEDIATE,), (Lane.IMMEDIATE, Lane.BACKFILL), tuple(Lane)]),
    kills=st.sampled_from([0, 1, 4]),
    outage_s=st.sampled_from([0.0, 20.0, 600.0]),
    seed=st.integers(0, 1_000_000),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trade=trades)
def test_the_newest_version_of_each_sale_is_in_the_books_once(trade: Trade) -> None:
    world, xero, edits = run_virtually(traded(trade))

    last = {edit.sale: edit for edit in sorted(edits, key=lambda edit: edit.arrival.at)}
    assert [edit for edit in last.values() if not is_as_last_said(edit, xero)] == []
    assert world.watch.open == 0, "every event has an end"
    assert world.watch.parked == []
    assert (xero.duplicated, xero.refused_429) == (0, 0)


async def all_changed(sales: int) -> tuple[int, int]:
    """Calls for so many sales, and for a resync after each was changed."""
    xero = VirtualXero(day=1_000)
    world, calls = World([organisation()], {"main": xero}), []
    process = Process("worker-0", world)
    process.start()
    await asyncio.sleep(60)
    for text in ("as sold", "as changed"):
        before, at = xero.calls, elapsed()
        for sale in range(sales):
            invoice = SHOP.invoice(sale, 0, at, Lane.BACKFILL)
            world.publish("main", edited(invoice, text, cancelled=False))
        while world.watch.open and elapsed() < at + _LATEST_S:  # noqa: ASYNC110 - virtual time has to pass
            await asyncio.sleep(10)
        calls.append(xero.calls - before)
    await process.stop()
    return calls[0], calls[1]


def test_changed_sales_cost_some_four_times_their_price() -> None:
    new, changed = run_virtually(all_changed(500))

    assert new == 500 / 50 + 1  # their customer
    assert 3.5 < changed / new < 4.5
