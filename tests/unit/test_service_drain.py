"""A worker that is told to stop ends by a deadline, whatever hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeClock
from tests.sample_ledger import opened
from tests.waiting import until
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease
from worker.service import Service

STOP_S = 1.0
ENDED_S = 8.0
"""Whoever has not ended by then hangs."""

OUTLAST_S = 12.0


async def hang(times: int) -> None:
    """Outlast so many cancellations less one, for a while: psycopg asks the server first, and that one hangs."""
    wait_s = None
    for _ in range(times - 1):
        with suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), wait_s)
        wait_s = OUTLAST_S
    await asyncio.wait_for(asyncio.Event().wait(), wait_s)


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


class Impatient(FakeClock):
    """A turn follows a turn at once."""

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        yield ledger


def service_of(ledger: Ledger, *, cancellations: int = 0) -> Service:
    async def keep_house() -> None:
        pass

    return Service(
        worker_id="w1",
        organisations=["east"],
        ledger=ledger,
        clock=Impatient(),
        make_runner=lambda _, lease: HangingRunner(lease, cancellations),  # type: ignore[arg-type,return-value] # idle
        housekeeping=keep_house,
        stop_s=STOP_S,
    )


async def begun(service: Service, consumer: Silent) -> asyncio.Task[None]:
    """Running, its first turn done."""
    consumed: Any = consumer
    running = asyncio.create_task(service.run(consumed))
    await until(lambda: service.has_shared, what="the first turn")
    return running


async def stopped(service: Service, running: asyncio.Task[None]) -> None:
    service.stop()
    await asyncio.wait({running}, timeout=ENDED_S)
    assert running.done(), "it hangs"
    running.result()


@pytest.mark.parametrize("method", ["heartbeat", "live_workers", "renew"])
async def test_a_turn_that_hangs_is_not_waited_for(ledger: Ledger, method: str) -> None:
    leases = ledger.leases = Hanging(ledger.leases, method)  # type: ignore[assignment] # a fault
    service, consumer = service_of(ledger), Silent(hangs=False)
    running = await begun(service, consumer)
    leases.hangs = True
    await asyncio.wait_for(leases.asked.wait(), ENDED_S)

    await stopped(service, running)

    assert consumer.stopped
    leases.hangs = False
    assert await ledger.leases.holders() == []


@pytest.mark.parametrize("method", ["release", "forget_worker"])
async def test_a_ledger_that_does_not_take_a_lease_back_is_not_waited_for(ledger: Ledger, method: str) -> None:
    ledger.leases = Hanging(ledger.leases, method, hangs=True)  # type: ignore[assignment] # a fault
    service, consumer = service_of(ledger), Silent(hangs=False)
    running = await begun(service, consumer)

    await stopped(service, running)

    assert consumer.stopped


@pytest.mark.parametrize(("cancellations", "held"), [(0, []), (1, []), (2, []), (4, ["east"])])
async def test_only_the_lease_of_what_has_not_ended_is_left_to_lapse(
    ledger: Ledger, cancellations: int, held: list[str]
) -> None:
    service = service_of(ledger, cancellations=cancellations)
    running = await begun(service, Silent(hangs=False))

    await stopped(service, running)

    assert [lease.name for lease in await ledger.leases.holders()] == held
    assert await ledger.leases.live_workers() == []


async def test_a_broker_that_does_not_say_good_bye_is_not_waited_for(ledger: Ledger) -> None:
    service = service_of(ledger)
    running = await begun(service, Silent(hangs=True))

    await stopped(service, running)

    assert await ledger.leases.holders() == []


async def test_a_lease_that_is_granted_while_it_stops_is_given_back(ledger: Ledger) -> None:
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
