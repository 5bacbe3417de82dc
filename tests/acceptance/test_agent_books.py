"""From the shop's files to Xero: what a resync repeats costs no call, whatever dies meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from examples.stores.export_folder import SALES
from producers.runs import RunState
from producers.steps import Step
from schemas.commands import ResyncAll
from tests.acceptance.launched import Crash, launch_worker
from tests.acceptance.shop_stage import ShopStage
from tests.acceptance.stage import LEASE_S
from tests.support.export_shop import FIRST_DAY
from tests.support.sandbox_fixture import SandboxControl
from worker.ledger.runs.run_reports import RunStatus

# the worker sends backfill in full calls of 50: nothing has to wait for another to fill its call
SALES_COUNT, CUSTOMERS_COUNT = 250, 50
EXPECTED = {"contacts": CUSTOMERS_COUNT, "invoices": SALES_COUNT, "payments": SALES_COUNT}


@pytest.fixture
async def stage(tmp_path: Path, amqp_url: str, sandbox: SandboxControl, unique_org: str) -> AsyncIterator[ShopStage]:
    ledger_url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"
    made = ShopStage(
        tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=ledger_url, xero_url=sandbox.url
    )
    prefix = f"XERELAY_ORGANISATIONS__{unique_org.upper()}__"
    made.environ |= {f"{prefix}LIMITS__MINUTE": "3000", f"{prefix}LIMITS__DAY": "100000", f"{prefix}LINGER": "50ms"}
    sandbox.limits(minute=6000, day=100_000)
    yield made
    await made.close()


async def test_a_resync_of_what_is_in_the_books_costs_no_call_and_is_counted(
    stage: ShopStage, sandbox: SandboxControl
) -> None:
    stage.shop.trade(SALES_COUNT, customers=CUSTOMERS_COUNT)
    stage.shop.lists["sales"][SALES_COUNT + 1] = unbookable(stage)
    stage.shop.export()
    stage.agent()
    await stage.until_async(partial(all_is_published, stage, SALES_COUNT + 1), what="the agent's first look")
    # else the worker may have an event of it beside the run's: one of the two counts, whichever it took last
    await stage.published()
    worker(stage)
    first = await stage.ask("resync-all", ResyncAll(), run_id="first")
    status = await until_settled(stage, first)
    calls = sandbox.counts()["calls_total"]
    writes = sum(call["count"] for call in sandbox.audit()["calls"] if call["method"] in {"PUT", "POST"})

    again = await settled_run(stage, "again")

    events = CUSTOMERS_COUNT + 2 * SALES_COUNT + 1
    assert (status.published, status.written + status.unchanged, status.parked) == (events, events - 1, 1)
    assert (events - 1) / writes >= 49
    assert sandbox.counts()["calls_total"] == calls
    assert (again.written, again.unchanged, again.parked, again.calls) == (0, events - 1, 1, 0)
    assert_right(sandbox)


async def test_an_agent_killed_in_its_resync_doubles_nothing_in_xero(stage: ShopStage, sandbox: SandboxControl) -> None:
    stage.shop.trade(SALES_COUNT, customers=CUSTOMERS_COUNT)
    worker(stage)
    await stage.ask("resync-all", ResyncAll(), run_id="killed")
    for step in (Step.PUBLISHED, Step.CONFIRMED, Step.CHECKPOINTED, Step.TRANSLATED):
        await stage.died(stage.agent(step, 2))
    stage.agent()
    await until_settled(stage, "killed")
    await stage.until(lambda: documents(sandbox) == EXPECTED, what="the books", within_s=90)
    # what was published twice counts twice, so that the run seems settled early: the next worker has the rest
    stage.others[-1].terminate()
    stage.others[-1].wait(60)
    worker(stage)
    calls = booking_calls(sandbox)

    again = await settled_run(stage, "again")

    assert booking_calls(sandbox) == calls
    assert (again.written, again.calls) == (0, 0)
    assert_right(sandbox)


async def all_is_published(stage: ShopStage, sales: int) -> bool:
    return await stage.confirmed(SALES) == sales


def booking_calls(sandbox: SandboxControl) -> int:
    """All calls but those a worker begins with: it reads accounts and tax rates."""
    calls = sandbox.audit()["calls"]
    return sum(call["count"] for call in calls if call["endpoint"] not in {"Accounts", "TaxRates"})


async def settled_run(stage: ShopStage, run_id: str) -> RunStatus:
    return await until_settled(stage, await stage.ask("resync-all", ResyncAll(), run_id=run_id))


async def until_settled(stage: ShopStage, run_id: str) -> RunStatus:
    """The run is done, and the worker with all of its events."""
    found: list[RunStatus] = []

    async def settled() -> bool:
        status = await stage.status(run_id)
        found[:] = [status] if status else []
        return status is not None and status.state is RunState.DONE and status.settled >= status.published

    await stage.until_async(settled, within_s=90, what="every event of the run settled")
    return found[0]


def assert_right(sandbox: SandboxControl) -> None:
    assert documents(sandbox) == EXPECTED
    assert sandbox.audit()["duplicates"] == []


def documents(sandbox: SandboxControl) -> dict[str, int]:
    there = sandbox.audit()["documents"]
    return {kind: there[kind] for kind in EXPECTED}


def unbookable(stage: ShopStage) -> dict[str, Any]:
    """A sale that is not paid, with a tax code the books do not know: its invoice is parked."""
    stage.shop.sale(SALES_COUNT + 1, FIRST_DAY, code="XX-VAT-99")
    row = stage.shop.lists["sales"][SALES_COUNT + 1]
    return {name: value for name, value in row.items() if name not in {"method", "paid", "charge"}}


def worker(stage: ShopStage) -> None:
    """Start one; it ends with the stage."""
    log = stage.folder / f"worker-{len(stage.others)}.log"
    stage.others.append(launch_worker(stage.config, stage.environ, log, lease_s=LEASE_S, crash=Crash("", 1)))
