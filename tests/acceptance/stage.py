"""A whole xerelay for one test: real broker, real ledger, sandbox Xero, worker processes that may be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from deploy.demo.compare import Books, Difference, compare, parked_as_expected
from deploy.demo.configuration import write_configuration
from deploy.demo.day import Day, trading_day
from deploy.demo.inspect import Inspection
from deploy.demo.publishing import publish
from tests.sandbox_fixture import SandboxControl
from worker.ledger.errors import LedgerUnavailable
from worker.ledger.records import Held

ROOT = Path(__file__).resolve().parents[2]
LEASE_S = 3.0


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
        self.environ = {
            "XERELAY_LEDGER__URL": ledger_url,
            self.key("LIMITS__MINUTE"): "3000",
            self.key("LINGER"): "50ms",
        }
        sandbox.limits(minute=6000)
        self.workers: list[subprocess.Popen[bytes]] = []
        self._stack = AsyncExitStack()
        self._inspection: Inspection | None = None

    def key(self, name: str) -> str:
        """The environment variable of one of the organisation's settings."""
        return f"XERELAY_ORGANISATIONS__{self.organisation.upper()}__{name}"

    def worker(self, step: str = "", nth: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker, which ends itself at the `nth` time of `step`."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        command = [sys.executable, "-m", "tests.acceptance.crashing_worker", str(self.config), str(LEASE_S)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, step, str(nth)] if step else command,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | self.environ,
            )
        self.workers.append(process)
        return process

    def log(self, number: int = -1) -> str:
        """What a worker has written."""
        index = number % len(self.workers)
        return (self.folder / f"worker-{index}.log").read_text(errors="replace")

    async def inspection(self) -> Inspection:
        """The books and the ledger, open until `close`."""
        if self._inspection is None:
            opened = Inspection.open(self.sandbox.url, self.config, self.organisation, self.environ)
            self._inspection = await self._stack.enter_async_context(opened)
        return self._inspection

    async def publish(self, day: Day) -> None:
        await publish(day, self.broker_url, self.organisation, lambda _: None)

    async def until(self, condition: Callable[[], bool], *, within_s: float = 60, what: str = "") -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {within_s} s: {what}\n{self.log()[-3000:]}"
            await asyncio.sleep(0.05)

    async def died(self, process: subprocess.Popen[bytes]) -> None:
        """The worker has ended itself with SIGKILL."""
        await self.until(lambda: process.poll() is not None, what="the worker should have ended itself")
        assert process.returncode == -signal.SIGKILL, self.log()[-3000:]

    async def until_quiet(self, days: Iterable[Day], *, within_s: float = 90) -> None:
        """Every document of the days is there, every bad message parked, and nothing is on its way."""
        days = list(days)
        inspection = await self.inspection()
        deadline = time.monotonic() + within_s
        while not await self._is_quiet(days, inspection):
            assert time.monotonic() < deadline, f"not complete within {within_s} s\n{self._state(days)}"
            await asyncio.sleep(0.2)

    async def _is_quiet(self, days: list[Day], inspection: Inspection) -> bool:
        if any(process.poll() not in (None, 0, -signal.SIGKILL) for process in self.workers):
            raise AssertionError(f"a worker failed\n{self.log()[-3000:]}")
        there = self.sandbox.audit()["documents"]
        complete = all(
            there[kind] >= sum(len(getattr(day, attribute)) for day in days) for kind, attribute in _DOCUMENTS.items()
        )
        if not complete:
            return False
        try:
            parked = await inspection.parked()
            return len(parked) >= sum(len(day.bad) for day in days) and await inspection.is_idle()
        except LedgerUnavailable:
            return False

    async def assert_right(self, *days: Day) -> None:
        """Nothing lost, nothing doubled, sums equal, exactly the bad messages parked."""
        inspection = await self.inspection()
        books = await inspection.books()
        assert self.sandbox.audit()["duplicates"] == []
        differences = [compare(day, _of_store(books, day) if len(days) > 1 else books) for day in days]
        assert differences == [Difference() for _ in days]
        parked = await inspection.parked()
        if len(days) == 1:
            assert parked_as_expected(days[0], [held.reason for held in parked]), [_told(held) for held in parked]

    async def close(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.kill()
                process.wait(10)
        await self._stack.aclose()

    def _state(self, days: list[Day]) -> str:
        wanted = {kind: sum(len(getattr(day, name)) for day in days) for kind, name in _DOCUMENTS.items()}
        return f"wanted {wanted}, there {self.sandbox.audit()['documents']}\n{self.log()[-4000:]}"


_DOCUMENTS = {
    "contacts": "contacts",
    "items": "items",
    "invoices": "invoices",
    "credit_notes": "credit_memos",
    "payments": "payments",
    "allocations": "allocated",
}


def _of_store(books: Books, day: Day) -> Books:
    """What of the books is of this day's store; items are shared by SKU."""

    def of(documents: Mapping[str, Mapping[str, Any]], mark: str) -> dict[str, Mapping[str, Any]]:
        return {number: document for number, document in documents.items() if mark in number}

    return Books(
        contacts=of(books.contacts, f"{day.store}:"),
        items=books.items,
        invoices=of(books.invoices, f"I-{day.store}-"),
        credit_notes=of(books.credit_notes, f"C-{day.store}-"),
        payments=of(books.payments, f"P-{day.store}-"),
    )


def _told(held: Held) -> tuple[str, str]:
    return (held.reason, held.detail)
