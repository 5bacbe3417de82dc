"""A worker that is told to stop ends by a deadline, whatever hangs: on virtual time, where no disk is slow."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.benchmarks.simulation.calls import MemoryLedger
from tests.benchmarks.simulation.virtual import VirtualClock, elapsed
from tests.support.hanging import hang, virtually
from tests.support.waiting import until
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease
from worker.serving.service import STOP_S, Service


@dataclass
class Hanging:
    """A part of the ledger whose `method` never answers once it `hangs`."""

    part: Any
    method: str
    hangs: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __getattr__(self, name: str) -> Any:
        return self._hang if name == self.method and self.hangs else getattr(self.part, name)

    async def _hang(self, *_: Any, **__: Any) -> None:
        self.asked.set()
        await hang(2)


class HangingRunner:
    """Outlasts so many cancellations less one, and heeds no stop when there are any."""

    def __init__(self, lease: Lease, cancellations: int) -> None:
        self.lease = lease
        self._cancellations = cancellations
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        if self._cancellations:
            await hang(self._cancellations)
        await self._stopped.wait()


class Silent:
    """A broker that does not say good-bye."""

    def __init__(self, *, hangs: bool) -> None:
        self._hangs = hangs
        self.stopped = False

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        self.stopped = True
        if self._hangs:
            await hang(1)


def service_of(ledger: MemoryLedger, *, cancellations: int = 0) -> Service:
    async def keep_house() -> None:
        pass

    return Service(
        worker_id="w1",
        organisations=["east"],
        ledger=cast(Ledger, ledger),
        clock=VirtualClock(),
        make_runner=lambda _, lease: HangingRunner(lease, cancellations),  # type: ignore[arg-type,return-value] # idle
        housekeeping=keep_house,
    )


async def begun(service: Service, consumer: Silent) -> asyncio.Task[None]:
    """Running, its first turn done."""
    consumed: Any = consumer
    running = asyncio.create_task(service.run(consumed))
    await until(lambda: service.has_shared, what="the first turn")
    return running


async def stopped(service: Service, running: asyncio.Task[None]) -> None:
    told_at = elapsed()
    service.stop()
    await asyncio.wait({running}, timeout=2 * STOP_S)
    assert running.done(), "it hangs"
    running.result()
    assert elapsed() - told_at <= STOP_S


@pytest.mark.parametrize("method", ["heartbeat", "live_workers", "renew"])
@virtually
async def test_a_turn_that_hangs_is_not_waited_for(method: str) -> None:
    ledger = MemoryLedger()
    leases = ledger.leases = Hanging(ledger.leases, method)  # type: ignore[assignment] # a fault
    service, consumer = service_of(ledger), Silent(hangs=False)
    running = await begun(service, consumer)
    leases.hangs = True
    await leases.asked.wait()

    await stopped(service, running)

    assert consumer.stopped
    leases.hangs = False
    assert await ledger.leases.holders() == []


@pytest.mark.parametrize("method", ["release", "forget_worker"])
@virtually
async def test_a_ledger_that_does_not_take_a_lease_back_is_not_waited_for(method: str) -> None:
    ledger = MemoryLedger()
    ledger.leases = Hanging(ledger.leases, method, hangs=True)  # type: ignore[assignment] # a fault
    service, consumer = service_of(ledger), Silent(hangs=False)
    running = await begun(service, consumer)

    await stopped(service, running)

    assert consumer.stopped


@pytest.mark.parametrize(("cancellations", "held"), [(0, []), (1, []), (2, []), (4, ["east"])])
@virtually
async def test_only_the_lease_of_what_has_not_ended_is_left_to_lapse(cancellations: int, held: list[str]) -> None:
    ledger = MemoryLedger()
    service = service_of(ledger, cancellations=cancellations)
    running = await begun(service, Silent(hangs=False))

    await stopped(service, running)

    assert [lease.name for lease in await ledger.leases.holders()] == held
    assert await ledger.leases.live_workers() == []


@virtually
async def test_a_broker_that_does_not_say_good_bye_is_not_waited_for() -> None:
    ledger = MemoryLedger()
    service = service_of(ledger)
    running = await begun(service, Silent(hangs=True))

    await stopped(service, running)

    assert await ledger.leases.holders() == []


@virtually
async def test_a_lease_that_is_granted_while_it_stops_is_given_back() -> None:
    ledger = MemoryLedger()
    leases = ledger.leases
    granted = asyncio.Event()

    class Late:
        def __getattr__(self, name: str) -> Any:
            return getattr(leases, name)

        async def acquire(self, *given: Any, **more: Any) -> Lease | None:
            lease = await leases.acquire(*given, **more)
            granted.set()
            await until(lambda: service.is_stopping, what="the stop")
            return lease

    ledger.leases = Late()  # type: ignore[assignment] # it answers late
    service, consumer = service_of(ledger), Silent(hangs=False)
    consumed: Any = consumer
    running = asyncio.create_task(service.run(consumed))
    await granted.wait()

    await stopped(service, running)

    assert await leases.holders() == []
    assert service.runners == {}
