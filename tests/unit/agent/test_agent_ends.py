"""An agent that is told to end has ended in time, whatever hangs."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from producers.agent import CHARGE_S, StoreAgent
from producers.pace import Stop
from tests.benchmarks.simulation.virtual import VirtualClock, elapsed
from tests.support.hanging import hang, virtually

IN_TIME_S = 9
"""Of the 10 that are promised; the links to the broker have the last."""


@dataclass
class Ledger:
    """Says who is in charge, until it gives no answer; what asks it then outlasts so many cancellations less one."""

    cancellations: int = 2
    hangs: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    handed_over: int = 0

    async def take_charge(self, ttl_s: float) -> bool:
        await self._answer()
        return True

    async def hand_over(self) -> None:
        await self._answer()
        self.handed_over += 1

    async def _answer(self) -> None:
        if self.hangs:
            self.asked.set()
            await hang(self.cancellations)


@dataclass
class Part:
    """Works until the agent is to end, and a while longer; `settled` is whether it came to its own end."""

    stop: Stop
    longer_s: float = 0.0
    cancellations: int = 0
    settled: bool = False

    async def run(self) -> None:
        if self.cancellations:
            await hang(self.cancellations)
        try:
            await self.stop.rest(10 * CHARGE_S)
        finally:
            await asyncio.sleep(self.longer_s)
            self.settled = True


def agent_of(ledger: Ledger, stop: Stop, **parts: Part) -> StoreAgent:
    return StoreAgent(
        store="shop",
        checkpoints=ledger,  # type: ignore[arg-type] # what it needs of them
        desk=Part(stop),
        opened=nullcontext,
        parts=parts,
        stop=stop,
        clock=VirtualClock(),
    )


async def stopped(stop: Stop, running: asyncio.Task[None]) -> None:
    told_at = elapsed()
    stop.ask()
    await asyncio.wait({running}, timeout=2 * IN_TIME_S)
    assert running.done(), "it hangs"
    running.result()
    assert elapsed() - told_at <= IN_TIME_S


@pytest.mark.parametrize("cancellations", [1, 2, 3, 4])
@virtually
async def test_a_renewal_without_an_answer_is_not_waited_for_and_work_settles_beside_it(cancellations: int) -> None:
    stop = Stop(VirtualClock())
    ledger, part = Ledger(cancellations), Part(stop, longer_s=5)
    running = asyncio.create_task(agent_of(ledger, stop, poller=part).run())
    await asyncio.sleep(1)
    ledger.hangs = True
    await ledger.asked.wait()

    await stopped(stop, running)

    assert part.settled


@virtually
async def test_a_first_charge_without_an_answer_is_not_waited_for() -> None:
    stop, ledger = Stop(VirtualClock()), Ledger(hangs=True)
    running = asyncio.create_task(agent_of(ledger, stop).run())
    await ledger.asked.wait()

    await stopped(stop, running)


@virtually
async def test_a_hand_over_without_an_answer_is_not_waited_for() -> None:
    stop, ledger = Stop(VirtualClock()), Ledger()
    running = asyncio.create_task(agent_of(ledger, stop, poller=Part(stop)).run())
    await asyncio.sleep(1)
    ledger.hangs = True

    await stopped(stop, running)

    assert ledger.asked.is_set()


@pytest.mark.parametrize(("cancellations", "handed_over"), [(0, 1), (1, 1), (2, 0)])
@virtually
async def test_the_charge_is_handed_over_unless_work_has_not_ended(cancellations: int, handed_over: int) -> None:
    stop, ledger = Stop(VirtualClock()), Ledger()
    running = asyncio.create_task(agent_of(ledger, stop, poller=Part(stop, cancellations=cancellations)).run())
    await asyncio.sleep(1)

    await stopped(stop, running)

    assert ledger.handed_over == handed_over
