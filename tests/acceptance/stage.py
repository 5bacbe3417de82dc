"""A whole xerelay for one test: real broker, real ledger, sandbox Xero, worker processes that may be killed."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from deploy.demo.books import Difference
from deploy.demo.inspect import Inspection
from schemas.envelope import Lane
from tests.acceptance.books import of_day, wanted
from tests.acceptance.launched import Crash, Launched, launch_worker
from tests.acceptance.post import organisation_of, post_day
from tests.support.day_configuration import write_configuration
from tests.support.day_in_books import compare
from tests.support.sample_ledger import parked_in, waiting_in
from tests.support.sandbox_fixture import SandboxControl
from tests.support.trading_day import Day, trading_day
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState, Pause

ROOT = Path(__file__).resolve().parents[2]
LEASE_S = 15.0
"""As workers have it: a machine that stands still for some seconds costs nobody a lease."""

SHORT_LEASE_S = 3.0
"""Of those who are killed: whoever comes next waits for the end of it."""


def a_small_day(organisation: str, *, orders: int = 24, seed: int = 3, store: str = "shop") -> Day:
    return trading_day(organisation, customers=12, products=8, orders=orders, seed=seed, store=store)


class Stage:
    """Everything below `folder`; ended by `close`."""

    def __init__(
        self, folder: Path, *, organisation: str, broker_url: str, ledger_url: str, sandbox: SandboxControl
    ) -> None:
        self.folder = folder
        self.organisation = organisation
        self.broker_url = broker_url
        self.sandbox = sandbox
        self.config = write_configuration(
            folder, organisation=organisation, broker_url=broker_url, xero_url=sandbox.url
        )
        text = self.config.read_text()
        self._template = text[text.index(f"[organisations.{organisation}]") :]
        self.ledger_url = ledger_url
        self.environ = {"XERELAY_LEDGER__URL": ledger_url}
        self.configure(organisation, LIMITS__MINUTE="3000", LINGER="50ms")
        sandbox.limits(minute=6000)
        self.lease_s = LEASE_S
        self.workers: list[Launched] = []
        self._made: set[str] = set()
        self._stack = AsyncExitStack()
        self._inspection: Inspection | None = None

    def configure(self, organisation: str, **values: str) -> None:
        """Settings of an organisation, for workers that start from now on."""
        prefix = f"XERELAY_ORGANISATIONS__{organisation.upper()}__"
        self.environ |= {prefix + name: value for name, value in values.items()}

    def also_serve(self, organisation: str, tenant_id: str) -> None:
        """One more organisation like the first, for workers that start from now on."""
        section = self._template.replace(self.organisation, organisation)
        with self.config.open("a") as config:
            config.write(f"\n{section}")
        self.configure(organisation, TENANT_ID=tenant_id, LIMITS__MINUTE="3000", LINGER="50ms")

    def worker(self, step: str = "", nth: int = 1, *, probe_s: float | None = None) -> Launched:
        """Start a worker, which ends itself at the `nth` time of `step`, or asks a silent Xero every `probe_s`."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        lease_s = SHORT_LEASE_S if step else self.lease_s
        process = launch_worker(
            self.config, self.environ, log, lease_s=lease_s, crash=Crash(step, nth), probe_s=probe_s
        )
        self.workers.append(process)
        return process

    def log(self, number: int = -1) -> str:
        """What a worker has written; nothing while it is starting."""
        path = self.folder / f"worker-{number % len(self.workers)}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def person(self, do: str, **order: Any) -> Any:
        """Let a person do something in Xero; what they make there is not the worker's to have made."""
        done = self.sandbox.person(do, **order)
        if do.startswith("create-"):
            self._made |= {value for name, value in done.items() if name.endswith("ID") and isinstance(value, str)}
        return done

    async def inspection(self) -> Inspection:
        """The books and the first organisation's ledger, open until `close`."""
        if self._inspection is None:
            opened = Inspection.open(self.sandbox.url, self.config, self.organisation, self.environ)
            self._inspection = await self._stack.enter_async_context(opened)
        return self._inspection

    async def ledger(self) -> Ledger:
        return (await self.inspection()).ledger

    async def paused(self) -> list[Pause]:
        """The organisation's pauses, its kinds' among them."""
        return await (await self.ledger()).pauses.current(self.organisation)

    async def held(self, state: HoldState) -> int:
        """How many of the organisation's events wait for that."""
        return (await waiting_in(await self.ledger(), self.organisation))[state]

    async def publish(self, day: Day, lane: Lane = Lane.IMMEDIATE) -> None:
        await post_day(self.broker_url, day, lane)

    def calls(self) -> int:
        """Calls that Xero has answered so far."""
        return int(self.sandbox.counts()["calls_total"])

    async def until(self, condition: Callable[[], bool], *, within_s: float = 60, what: str = "") -> None:
        async def asked() -> bool:
            return condition()

        await self.until_async(asked, within_s=within_s, what=what)

    async def until_async(
        self, condition: Callable[[], Awaitable[object]], *, within_s: float = 60, what: str = ""
    ) -> None:
        deadline = time.monotonic() + within_s
        while not await condition():
            assert time.monotonic() < deadline, f"not within {within_s} s: {what}\n{self.log()[-3000:]}"
            await asyncio.sleep(0.05)

    async def died(self, process: Launched) -> None:
        """The worker has ended itself with SIGKILL."""
        await self.until(lambda: process.poll() is not None, what="the worker should have ended itself")
        assert process.returncode == -signal.SIGKILL, self.log()[-3000:]

    def kill(self, process: Launched) -> None:
        """kill -9."""
        process.kill()
        process.wait(60)

    async def until_quiet(self, days: Iterable[Day], *, within_s: float = 90) -> None:
        """Every document of the days is there, every bad message parked, and nothing is on its way."""
        days = list(days)
        deadline = time.monotonic() + within_s
        while not await self._is_quiet(days):
            if time.monotonic() > deadline:
                raise AssertionError(f"not complete within {within_s} s: {await self._state(days)}")
            await asyncio.sleep(0.1)

    async def _state(self, days: list[Day]) -> str:
        """What the books lack, what the ledger holds, and what the workers wrote last."""
        ledger = await self.ledger()
        held = {
            org: (await waiting_in(ledger, org), len(await ledger.calls.unsettled(org)))
            for org in {organisation_of(day) for day in days}
        }
        logs = "\n".join(self.log(number)[-2000:] for number in range(len(self.workers)))
        return f"wanted {wanted(days)}, there {self.sandbox.counts()['documents']}, held and unsettled {held}\n{logs}"

    async def _is_quiet(self, days: list[Day]) -> bool:
        if any(process.poll() not in (None, 0, -signal.SIGKILL) for process in self.workers):
            raise AssertionError(f"a worker failed\n{self.log()[-3000:]}")
        there = self.sandbox.counts()["documents"]
        if any(there[kind] < count for kind, count in wanted(days).items()):
            return False
        ledger = await self.ledger()
        try:
            for org in {organisation_of(day) for day in days}:
                counts = await waiting_in(ledger, org)
                bad = sum(len(day.bad) for day in days if organisation_of(day) == org)
                on_the_way = counts[HoldState.TIME] + counts[HoldState.PARENT]
                if counts[HoldState.PERSON] < bad or on_the_way or await ledger.calls.unsettled(org):
                    return False
        except LedgerUnavailable:
            return False
        return True

    async def assert_right(self, *days: Day, parked: Iterable[str] = ()) -> None:
        """Nothing lost, nothing doubled, sums equal to the cent; parked are the bad messages, and for `parked`."""
        inspection = await self.inspection()
        books = await inspection.books()
        assert self.sandbox.audit()["duplicates"] == []
        differences = [compare(day, of_day(books, day, days, self._made)) for day in days]
        assert differences == [Difference() for _ in days]
        organisations = {organisation_of(day) for day in days}
        found = [held for org in organisations for held in await parked_in(inspection.ledger, org)]
        expected = sorted([bad.reason for day in days for bad in day.bad] + list(parked))
        assert sorted(held.reason for held in found) == expected, [(held.reason, held.detail) for held in found]

    async def close(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                self.kill(process)
        await self._stack.aclose()
        self._inspection = None
