"""Xero is out of reach for moments or for long, on virtual time: what is asked of it meanwhile, and who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.envelope import Lane
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Arrival, Shop
from tests.benchmarks.simulation.virtual import elapsed, run_virtually
from tests.benchmarks.simulation.world import Process, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.documents.documents import Kind
from worker.ledger.records import Call
from worker.session.breaker import GIVE_UP_AFTER_S, PROBE_EVERY_S
from worker.xero.replies.reply import Reply, ReplyKind

pytestmark = pytest.mark.usefixtures("quiet_logs")

SHOP = Shop("main", LANES)
REFUSED = Reply(ReplyKind.UNSENT, detail="no connection: ConnectError")
UNAVAILABLE = Reply(ReplyKind.UNCERTAIN, status=503, detail="status 503")
FAILED = Reply(ReplyKind.SERVER_ERROR, status=500, detail="status 500")
BEGINS_S = 100.0
"""By then the organisation's settings have been read, and what had to be there is there."""


class AwayXero(VirtualXero):
    """Takes `answers_s` to give `reply` to each call from `BEGINS_S` for `lasts_s` seconds, having done nothing."""

    def __init__(self, reply: Reply, *, lasts_s: float, answers_s: float = 0.1) -> None:
        super().__init__()
        self.reply, self.ends, self.answers_s = reply, BEGINS_S + lasts_s, answers_s
        self.tried: list[tuple[float, Kind | None]] = []

    async def send(self, call: Call) -> Reply:
        self.tried.append((elapsed(), call.kind))
        if BEGINS_S <= elapsed() < self.ends:
            await asyncio.sleep(self.answers_s)
            return self.reply
        return await super().send(call)

    def meanwhile(self) -> list[float]:
        """When calls came while it was away."""
        return [at for at, _ in self.tried if BEGINS_S <= at < self.ends]


class Stage:
    """One worker, one organisation, and a Xero that goes away at `BEGINS_S`."""

    def __init__(self, xero: AwayXero) -> None:
        self.xero = xero
        self.world = World([organisation()], {"main": xero}, grain_s=0.0)

    async def begin(self, *, sales: int = 0) -> None:
        """Serve until Xero is away, with the invoices of so many sales in it."""
        self.process = Process("worker-0", self.world)
        self.process.start()
        for sale in range(sales):
            self.world.publish("main", SHOP.invoice(sale, sale, elapsed(), Lane.IMMEDIATE))
        await asyncio.sleep(BEGINS_S - elapsed())
        assert self.world.watch.open == 0

    def customer(self, person: int) -> str:
        """A customer comes; its event's id."""
        arrival = SHOP.customer(person, elapsed(), Lane.IMMEDIATE)
        self.world.publish("main", arrival)
        return arrival.message.message_id

    async def pay(self, sales: int) -> None:
        """A payment for each, one call after the other."""
        for sale in range(sales):
            self.world.publish("main", SHOP.payment(sale, sale, elapsed(), Lane.IMMEDIATE))
            await asyncio.sleep(0.3)

    async def done(self, event_id: str) -> float:
        """When it was completed."""
        event = self.world.watch.events["main", event_id]
        while event.done_at is None and elapsed() < 6_000:  # noqa: ASYNC110 - virtual time has to pass
            await asyncio.sleep(0.5)
        assert event.done_at is not None, self.xero.tried
        return event.done_at

    async def paused(self, reason: str) -> float:
        """When the organisation was paused for that."""
        while elapsed() < 3_000:
            for pause in await self.world.ledger.pauses.current("main"):
                if pause.reason == reason:
                    return elapsed()
            await asyncio.sleep(0.5)
        raise AssertionError(f"not paused for {reason}: {self.xero.tried}")


async def after_a_refused_connection(stage: Stage) -> float:
    await stage.begin()
    took = await stage.done(stage.customer(1)) - BEGINS_S
    await stage.process.stop()
    return took


def test_what_two_refused_connections_held_up_goes_out_with_the_next_probe() -> None:
    stage = Stage(AwayXero(REFUSED, lasts_s=2.0))

    took = run_virtually(after_a_refused_connection(stage))

    assert PROBE_EVERY_S < took < PROBE_EVERY_S + 5
    assert len(stage.xero.meanwhile()) == 2


async def beside_payments(stage: Stage, payments: int) -> float:
    await stage.begin(sales=payments)
    await stage.pay(payments)
    await asyncio.sleep(stage.xero.ends + 1 - elapsed())
    took = await stage.done(stage.customer(100)) - stage.xero.ends
    await stage.process.end()
    return took


@pytest.mark.parametrize("payments", [1, 5])
def test_while_payments_wait_to_be_looked_up_others_go_out_as_soon_as_xero_is_back(payments: int) -> None:
    stage = Stage(AwayXero(UNAVAILABLE, lasts_s=270.0))

    took = run_virtually(beside_payments(stage, payments))

    assert took < PROBE_EVERY_S + 5


async def backfill_beside_payments(stage: Stage) -> float:
    await stage.begin(sales=2)
    await stage.pay(2)
    await asyncio.sleep(stage.xero.ends + 1 - elapsed())
    arrival = SHOP.customer(100, elapsed(), Lane.BACKFILL)
    stage.world.publish("main", arrival)
    took = await stage.done(arrival.message.message_id) - stage.xero.ends
    await stage.process.end()
    return took


def test_while_payments_wait_to_be_looked_up_a_backfill_goes_on() -> None:
    stage = Stage(AwayXero(FAILED, lasts_s=1.0))

    took = run_virtually(backfill_beside_payments(stage))

    assert took < 120


async def in_a_rush(stage: Stage) -> None:
    await stage.begin(sales=3)
    await stage.pay(3)
    for number in range(200):
        stage.customer(number)
        stage.world.publish("main", SHOP.product(number, elapsed(), Lane.IMMEDIATE))
        stage.world.publish("main", SHOP.invoice(10 + number, number, elapsed(), Lane.IMMEDIATE))
        await asyncio.sleep(1.0)
    while stage.world.watch.open and elapsed() < 3_000:  # noqa: ASYNC110 - virtual time has to pass
        await asyncio.sleep(1.0)
    await stage.process.stop()


@pytest.mark.parametrize("reply", [REFUSED, UNAVAILABLE], ids=["refused", "unavailable"])
def test_while_xero_is_away_one_call_goes_out_in_30_seconds_whatever_waits(reply: Reply) -> None:
    stage = Stage(AwayXero(reply, lasts_s=250.0, answers_s=2.0))

    run_virtually(in_a_rush(stage))

    first, *probes = [at for at in stage.xero.meanwhile() if at >= BEGINS_S + PROBE_EVERY_S]
    assert len(probes) >= 5
    assert all(later - earlier >= PROBE_EVERY_S for earlier, later in zip([first, *probes], probes, strict=False))
    assert stage.world.watch.open == 0
    assert stage.xero.duplicated == 0


async def all_tokens(stage: Stage) -> int:
    await stage.begin()
    await stage.done(stage.customer(1))
    await stage.process.stop()
    return stage.world.ledger.calls.accounts["main"].day


def test_each_probe_spends_a_token() -> None:
    stage = Stage(AwayXero(REFUSED, lasts_s=200.0))

    tokens = run_virtually(all_tokens(stage))

    assert len(stage.xero.meanwhile()) >= 7
    assert tokens == len(stage.xero.tried)


async def until_the_pause(stage: Stage, payments: int) -> float:
    await stage.begin(sales=payments)
    await stage.pay(payments)
    await asyncio.sleep(200.0 if payments else 0.0)
    stage.customer(100)
    took = await stage.paused("xero_unavailable") - BEGINS_S
    await stage.process.end()
    return took


@pytest.mark.parametrize("payments", [0, 5])
@pytest.mark.parametrize("reply", [REFUSED, UNAVAILABLE], ids=["refused", "unavailable"])
def test_a_xero_that_answers_no_probe_for_5_minutes_pauses_the_organisation(reply: Reply, payments: int) -> None:
    stage = Stage(AwayXero(reply, lasts_s=10_000.0))

    took = run_virtually(until_the_pause(stage, payments))

    assert GIVE_UP_AFTER_S <= took <= GIVE_UP_AFTER_S + 2 * PROBE_EVERY_S


async def failing_for_an_hour(stage: Stage, arrival: Callable[[], Arrival]) -> float:
    await stage.begin(sales=1)
    came = arrival()
    stage.world.publish("main", came)
    took = await stage.done(came.message.message_id) - stage.xero.ends
    await stage.process.stop()
    return took


def a_customer() -> Arrival:
    return SHOP.customer(9, elapsed(), Lane.IMMEDIATE)


def an_edit() -> Arrival:
    """The sale that is in Xero, with other words on its lines."""
    made = SHOP.invoice(0, 0, elapsed(), Lane.IMMEDIATE)
    body = made.message.make().replace(b'"name":"', b'"name":"new ')
    return replace(made, message=replace(made.message, make=lambda: body))


@pytest.mark.parametrize("arrival", [a_customer, an_edit], ids=["after a write", "before a change"])
def test_look_ups_that_fail_for_an_hour_leave_the_day_its_calls(arrival: Callable[[], Arrival]) -> None:
    stage = Stage(AwayXero(FAILED, lasts_s=3_600.0))

    took = run_virtually(failing_for_an_hour(stage, arrival))

    assert len(stage.xero.meanwhile()) < 30
    assert took < 900
