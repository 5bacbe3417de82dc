"""How long a call that is not full waits for company, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import pytest

from schemas.envelope import Lane
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Arrival, Shop
from tests.benchmarks.simulation.virtual import elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.documents.documents import Kind
from worker.ledger.records import Call
from worker.xero.replies.reply import Reply

pytestmark = pytest.mark.usefixtures("quiet_logs")

SHOP = Shop("main", LANES)
LINGER_S = 0.2


@dataclass
class Sent:
    """One call: what it carried, when it went out, and when it was answered."""

    kind: Kind | None
    documents: int
    at: float
    answered_at: float = 0.0


class WatchedXero(VirtualXero):
    """Without limits that matter here."""

    def __init__(self) -> None:
        super().__init__(minute=100_000, day=100_000, concurrent=100)
        self.sent: list[Sent] = []

    async def send(self, call: Call) -> Reply:
        one = Sent(call.kind, len(call.members), elapsed())
        self.sent.append(one)
        reply = await super().send(call)
        one.answered_at = elapsed()
        return reply


async def calls_for(arrivals: Iterable[Arrival]) -> tuple[float, list[Sent]]:
    """When the first of these was published, and the writes that came of them."""
    xero = WatchedXero()
    world = World([organisation(minute=10_000, day=100_000, concurrent=100, burst=1.0)], {"main": xero}, grain_s=0.0)
    process = Process("worker-0", world)
    process.start()
    await asyncio.sleep(1)
    began = elapsed()
    for arrival in arrivals:
        await asyncio.sleep(max(0.0, began + arrival.at - elapsed()))
        world.publish("main", arrival)
    while world.watch.open and elapsed() < 60:  # noqa: ASYNC110 - virtual time has to pass
        await asyncio.sleep(0.1)
    await process.stop()
    assert world.watch.open == 0
    return began, [call for call in xero.sent if call.documents]


def test_a_sale_to_a_new_customer_waits_for_company_once() -> None:
    began, (contact, invoice) = run_virtually(calls_for([SHOP.invoice(1, 1, 0.0)]))

    assert (contact.kind, invoice.kind) == (Kind.CONTACT, Kind.INVOICE)
    assert contact.at - began == pytest.approx(LINGER_S, abs=0.01)
    assert invoice.at == pytest.approx(contact.answered_at, abs=0.01)


def test_kinds_wait_beside_each_other() -> None:
    arrivals = [SHOP.customer(1, 0.0, Lane.IMMEDIATE), SHOP.product(1, 0.1, Lane.IMMEDIATE)]
    began, calls = run_virtually(calls_for(arrivals))

    assert [call.at - began for call in calls] == pytest.approx([LINGER_S, 0.1 + LINGER_S], abs=0.01)


def test_a_call_goes_as_soon_as_it_is_full() -> None:
    arrivals = [SHOP.customer(number, number * 0.002, Lane.IMMEDIATE) for number in range(60)]
    began, calls = run_virtually(calls_for(arrivals))

    assert [call.documents for call in calls] == [50, 10]
    assert [call.at - began for call in calls] == pytest.approx([49 * 0.002, 50 * 0.002 + LINGER_S], abs=0.01)


def test_in_a_rush_calls_that_are_not_full_keep_apart() -> None:
    arrivals = [SHOP.invoice(number, number, number * 0.01) for number in range(400)]
    began, calls = run_virtually(calls_for(arrivals))

    unfilled = [call.at for call in calls if call.documents < 50 and 1.0 < call.at - began < 4.0]
    assert len(unfilled) > 5
    assert min(later - earlier for earlier, later in pairwise(unfilled)) >= LINGER_S - 0.001


def test_behind_full_calls_those_that_are_not_full_wait() -> None:
    customers = [SHOP.customer(number, number * 0.002, Lane.IMMEDIATE) for number in range(400)]
    began, calls = run_virtually(calls_for([SHOP.product(1, 0.0, Lane.IMMEDIATE), *customers]))

    (product,) = [call for call in calls if call.kind is Kind.ITEM]
    assert [call.documents for call in calls] == [50] * 8 + [1]
    assert product.at - began == pytest.approx(399 * 0.002 + LINGER_S, abs=0.01)


def test_what_is_renewed_faster_than_the_linger_waits_for_company_once() -> None:
    renewals = [SHOP.customer(1, number * 0.1, Lane.IMMEDIATE) for number in range(20)]
    began, (first, *_) = run_virtually(calls_for(renewals))

    assert first.at - began == pytest.approx(LINGER_S, abs=0.01)
