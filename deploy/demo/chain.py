"""The demo's day: a store that trades, its agent, a worker, Xero, and a resync of everything in the middle of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.demo.against import SumRow, account_rows, against, tax_rows
from deploy.demo.books import Difference
from deploy.demo.cases import cases
from deploy.demo.commands import typed
from deploy.demo.configuration import write_store_configuration
from deploy.demo.expected import Expected
from deploy.demo.inspect import Inspection
from deploy.demo.processes import ProcessFailed, clean_environment, first_line, first_lines, running
from deploy.demo.progress import Progress
from deploy.demo.publishing import publish, spoiled_now
from deploy.demo.scene import Look, Scene
from deploy.demo.shop import Shop, credentials
from deploy.demo.spoiled import Bad
from deploy.demo.wire import Wire, listening
from worker.ledger.records import Held
from worker.ledger.runs.run_reports import RunStatus

DAYS_BOOKED = 15
"""Of the store's 20 days before the demo: older documents show what `start_date` does."""

_LATE_S = 3.0
_POLL_S = 1.0
_DEADLINE_S, _PER_ORDER_S = 140.0, 0.15
"""More than twice what it takes on two cores; what has not come by then counts as lost."""

_LINES = 7
_RUN = re.compile(r"resync-status (\S+)")
_SERVING = {"worker": "worker", "agent": "store"}
"""The processes between the two sandboxes, each with its command."""

_Start = Callable[..., tuple[subprocess.Popen[bytes], Path]]
"""Starts a Python module as a process of a name, with arguments; gives its log too."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much happens: orders of the past, orders placed while we watch, within about so many seconds."""

    past: int
    orders: int
    seconds: float
    seed: int

    @property
    def deadline_s(self) -> float:
        """So long everything may take, from the start of worker and agent."""
        return _DEADLINE_S + self.seconds + _PER_ORDER_S * (self.past + self.orders)


@dataclass(frozen=True, slots=True)
class Evening:
    """What the demo found when the day was over.

    `again` is one more resync, of books that were complete, and `before_again` Xero's audit before it. `reconciled` is
    what `xerelay reconcile` says at the end; its calls are not in `audit`.
    """

    audit: Mapping[str, Any]
    expected: Expected
    difference: Difference
    taxes: list[SumRow]
    accounts: list[SumRow]
    cases: Mapping[str, int]
    wire: Wire
    run: RunStatus | None
    again: RunStatus | None
    before_again: Mapping[str, Any]
    orders_in_store: int
    requests: int
    bad: list[Bad]
    parked: list[Held]
    calls_left: int
    reconciled: Mapping[str, Any]
    seconds: float


@dataclass(slots=True)
class Chain:
    """Every part running, each a process of its own."""

    scene: Scene
    progress: Progress
    config: Path
    environ: Mapping[str, str]
    processes: Mapping[str, subprocess.Popen[bytes]]
    started: float
    deadline_s: float
    gave_up: bool = False

    async def until(self, done: Callable[[Look], bool]) -> Look:
        """Look every second until it is so, or the time is over, which is said. Raises `ProcessFailed`."""
        while True:
            look = await self.scene.look()
            self.progress.show(look)
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise ProcessFailed(f"the {name} has ended with {process.returncode}")
            if done(look):
                return look
            if time.monotonic() - self.started > self.deadline_s:
                self._give_up()
                return look
            await asyncio.sleep(_POLL_S)

    def _give_up(self) -> None:
        if not self.gave_up:
            self.progress.say(f"{self.deadline_s:.0f} seconds are over: what is not in Xero yet counts as lost")
        self.gave_up = True

    async def resync_all(self) -> str:
        """Type the command; returns the run. Raises `ProcessFailed`."""
        said = await typed(self.config, self.environ, "resync-all")
        found = _RUN.search(said.out + said.err)
        if found is None:
            raise ProcessFailed(f"`xerelay resync-all` says: {said.out}{said.err}")
        self.progress.say(said.out.strip())
        return found[1]

    async def reconcile(self) -> Mapping[str, Any]:
        """What `xerelay reconcile` says of all days that are booked. Raises `ProcessFailed`."""
        # a website's day may have begun before, or not be over yet, while it is another in UTC
        days = (self.scene.start_date, dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1))
        words = (f"--from={days[0]}", f"--to={days[1]}", "--json", "--yes")
        said = await typed(self.config, self.environ, "reconcile", *words)
        if said.code not in (0, 1):
            raise ProcessFailed(f"`xerelay reconcile` says: {said.out}{said.err}")
        found: Mapping[str, Any] = json.loads(said.out)["organisations"][0]
        return found


After = Callable[[Evening, Chain], Awaitable[None]]
"""What is done when the day is over and everything still runs."""


async def play(
    plan: Plan, organisation: str, broker_url: str, folder: Path, progress: Progress, *, after: After
) -> Evening:
    """The whole day, and `after` while all of it stands. Raises `ProcessFailed` when a part ends before its time."""
    async with _standing(plan, organisation, broker_url, folder, progress) as chain:
        scene = chain.scene
        await chain.until(lambda look: look.events > 0)
        progress.say(f"the store trades: {plan.orders} orders in about {plan.seconds:.0f} seconds")
        await scene.shop.trade(plan.orders, plan.seconds)
        bad = spoiled_now(organisation, scene.store)
        await publish(bad, broker_url, organisation)
        await chain.until(lambda look: look.orders_left <= plan.orders // 2)
        scene.run_id = first = await chain.resync_all()
        await chain.until(lambda look: look.is_quiet and look.documents >= look.expected)
        before_again = await scene.inspection.audit()
        seconds = time.monotonic() - chain.started
        scene.run_id = await chain.resync_all()
        await chain.until(lambda look: look.is_quiet)
        evening = await _evening(chain, first, bad, before_again, seconds)
        await after(evening, chain)
        return evening


async def _evening(
    chain: Chain, first: str, bad: list[Bad], before_again: Mapping[str, Any], seconds: float
) -> Evening:
    scene, runs = chain.scene, chain.scene.inspection.ledger.runs
    truth = await scene.shop.truth()
    expected = scene.expected(truth)
    audit, books = await scene.inspection.audit(), await scene.inspection.books()
    return Evening(
        audit=audit,
        expected=expected,
        difference=against(expected, books),
        taxes=tax_rows(expected, audit),
        accounts=account_rows(expected, audit),
        cases=cases(expected, books, audit),
        wire=scene.wire,
        run=await runs.get(first),
        again=await runs.get(scene.run_id),
        before_again=before_again,
        orders_in_store=truth["counts"]["orders"],
        requests=await scene.shop.requests(),
        bad=bad,
        parked=await scene.inspection.parked(),
        calls_left=await scene.inspection.calls_left(),
        reconciled=await chain.reconcile(),
        seconds=seconds,
    )


@asynccontextmanager
async def _standing(
    plan: Plan, organisation: str, broker_url: str, folder: Path, progress: Progress
) -> AsyncIterator[Chain]:
    """Sandbox Xero, sandbox store, worker and agent, while the block lasts."""
    environ = clean_environment()
    store = f"shop{organisation.removeprefix('main').removeprefix('demo')}"
    start_date = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=DAYS_BOOKED)
    async with AsyncExitStack() as stack:

        def start(name: str, *arguments: str) -> tuple[subprocess.Popen[bytes], Path]:
            log = folder / f"{name}.log"
            return stack.enter_context(running(arguments, log=log, environ=environ)), log

        xero_url, store_url, secrets = _sandboxes(plan, start)
        config = write_store_configuration(
            folder,
            organisation=organisation,
            start_date=start_date,
            broker_url=broker_url,
            xero_url=xero_url,
            store=store,
            store_url=store_url,
            credentials=secrets,
        )
        inspection = await stack.enter_async_context(Inspection.open(xero_url, config, organisation, {}))
        shop = await stack.enter_async_context(Shop.open(store_url))
        await shop.show_late(_LATE_S)
        wire = await stack.enter_async_context(listening(broker_url, organisation))
        started = time.monotonic()
        processes = {name: start(name, "worker", word, "--config", str(config))[0] for name, word in _SERVING.items()}
        scene = Scene(shop, wire, inspection, store, start_date, plan.orders)
        yield Chain(scene, progress, config, environ, processes, started, plan.deadline_s)


def _sandboxes(plan: Plan, start: _Start) -> tuple[str, str, dict[str, str]]:
    """Start them: the addresses of Xero and of the store, and the credentials that the store prints."""
    xero_url = first_line(*start("xero", "deploy.sandbox.xero", "--port", "0"))
    trading = ("--port", "0", "--orders", str(plan.past), "--seed", str(plan.seed))
    store_url, *printed = first_lines(*start("shop", "deploy.sandbox.store", *trading), _LINES)
    return xero_url, store_url, credentials(printed)
