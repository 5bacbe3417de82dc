"""A worker's clock is not the ledger's, and calls are scarce: it waits as long as the ledger says."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemas.envelope import Lane
from tests.benchmarks.simulation.broker import Message
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Arrival, Shop
from tests.benchmarks.simulation.virtual import elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import Outage, VirtualXero

pytestmark = pytest.mark.usefixtures("quiet_logs")

SHOP = Shop("main", LANES)
SECONDS_A_CALL = 86.4
LASTS_S = 900.0
MANY = 100
AWAY = Outage(100.0, 850.0, half_s=0.0)
_FIRST_LINE = re.compile(rb'("lines":\[\{"sku":"[^"]*","name":")[^"]*')


class Counting:
    """The ledger's calls, and how often which of them was to be opened."""

    def __init__(self, calls: Any) -> None:
        self._calls = calls
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        if name in ("open_write", "open_read", "resend"):
            self.asked[name] += 1
        return getattr(self._calls, name)


def customer(number: int) -> Arrival:
    return SHOP.customer(number, elapsed(), Lane.IMMEDIATE)


def edit(number: int) -> Arrival:
    """The first sale, its first line named anew: it is looked at before it changes."""
    arrival = SHOP.invoice(1, 1, elapsed(), Lane.IMMEDIATE)
    body = _FIRST_LINE.sub(rb"\1version %d" % number, arrival.message.make(), count=1)
    return replace(arrival, message=Message(arrival.message.routing_key, arrival.message.message_id, lambda: body))


async def worked(
    skew_s: float, come: Callable[[int], Arrival], outage: Outage | None = None, *, burst: float = 0.002
) -> tuple[Counter[str], int, set[str]]:
    """What was asked of the ledger, the calls that went out, and why the organisation was paused, if it was."""
    xero = VirtualXero(outage=outage)
    world = World([organisation(day=1000, burst=burst)], {"main": xero}, grain_s=0.0)
    counting = Counting(world.ledger.calls)
    world.ledger.calls = counting  # type: ignore[assignment] # what it passes on is the same
    process = Process("worker-0", world, skew_s=skew_s)
    process.start()
    paused: set[str] = set()
    for number in range(int(LASTS_S / 20)):
        await asyncio.sleep(20)
        world.publish("main", come(number))
        paused |= {pause.reason for pause in await world.ledger.pauses.current("main")}
    found = counting.asked, world.ledger.calls.accounts["main"].day, paused
    await process.end()
    return found


@pytest.mark.parametrize("skew_s", [60.0, -120.0, -700.0])
@pytest.mark.parametrize("come", [customer, edit])
def test_it_works_as_with_the_ledgers_own_clock(skew_s: float, come: Callable[[int], Arrival]) -> None:
    asked, calls, paused = run_virtually(worked(skew_s, come))

    assert (asked, calls, paused) == run_virtually(worked(0.0, come))
    assert asked.total() < MANY
    assert calls >= LASTS_S // SECONDS_A_CALL


@pytest.mark.parametrize("skew_s", [60.0, -120.0])
@pytest.mark.parametrize("burst", [0.002, 0.25])
def test_nor_is_xero_asked_more_often_while_it_is_away(skew_s: float, burst: float) -> None:
    asked, calls, paused = run_virtually(worked(skew_s, customer, AWAY, burst=burst))

    assert (asked, calls, paused) == run_virtually(worked(0.0, customer, AWAY, burst=burst))
    assert asked["resend"] > 0
    assert paused == {"xero_unavailable"}
    assert asked.total() < MANY
