"""An agent, a worker and every command beside a store full of people: no output tells a secret or a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.codec import encode_event
from schemas.entities import CreditMemo, Customer, Entity, Invoice
from schemas.envelope import Event
from tests.acceptance.books_stage import STORE, BooksStage
from tests.acceptance.launched import Crash, Launched, launch_agent
from tests.acceptance.searching import cli, found, people, stored_secrets, written_by
from tests.acceptance.shop_stage import CHARGE_S
from tests.acceptance.stage import Stage, a_small_day
from tests.support.store_fixture import StoreSandbox, run_store
from worker.ledger.records import HoldState

PLANTED = "Pl4nted-Secr3t"
DAYS = "--from 2026-01-01 --to 2030-12-31"


@pytest.fixture
def store() -> Iterator[StoreSandbox]:
    yield from run_store("--orders", "30", "--seed", "5")


@pytest.mark.timeout(420)
@pytest.mark.long
async def test_neither_agent_nor_worker_nor_command_tells_a_secret_or_a_person(
    sqlite_stage: Stage, store: StoreSandbox
) -> None:
    stage = sqlite_stage
    books = BooksStage(stage, store)
    day = a_small_day(stage.organisation, orders=2)
    events = [*await books.events(), *day.events]
    for kind in ("401", "503"):
        store.control("faults", kind=kind, after=2)
    store.control("faults", kind="500", endpoint="customers", id=1)
    for kind in ("401", "500", "503"):
        stage.sandbox.fault(kind, after_calls=2)
    await stage.publish(day)
    stage.worker()
    await stage.until(lambda: '"worker.started"' in stage.log(), what="a ledger that the command can use")
    agent = an_agent(stage)
    # whatever met the refusal rests for five minutes: it is not to be the command's run
    await stage.until(lambda: '"store.refuses"' in agent_log(stage), what="a request that the store refuses")
    ran = await cli(stage, "resync-all")
    run = re.search(r"resync-status (\S+)", ran)
    assert run, ran
    await stage.until_async(lambda: settled(stage, events), within_s=90, what="an outcome of everything")
    await stage.until(lambda: '"run.done"' in agent_log(stage), within_s=150, what="the end of the agent's run")

    written = await written_by(stage, commands(stage, events, run[1]))
    written |= {"resync-all": ran, "worker": stage.log(), "agent": agent_log(stage)}
    for process in (agent, *stage.workers):
        process.terminate()
        process.wait(60)
    written |= {"worker's end": stage.log(), "agent's end": agent_log(stage)}

    assert [command for command, text in written.items() if "Traceback" in text] == []
    assert '"outcome"' in written["worker"]
    assert '"run.done"' in written["agent"]
    assert '"reason"' in written["parked list --json"]
    assert '"fail"' in written["check --json"] or '"ok"' in written["check --json"]
    assert found(await stored_secrets(stage), written.values()) == []
    assert found(people(events), written.values()) == []


async def test_an_agent_with_wrong_secrets_does_not_tell_them(sqlite_stage: Stage, store: StoreSandbox) -> None:
    stage = sqlite_stage
    BooksStage(stage, store)
    for key in ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"):
        stage.environ[f"XERELAY_STORES__{STORE.upper()}__AUTH__{key}"] = f"{PLANTED}-{key}"

    agent = an_agent(stage)
    await stage.until(lambda: "401" in agent_log(stage), what="the store's refusal")
    agent.terminate()
    agent.wait(60)

    assert found([PLANTED], [agent_log(stage)]) == []


def commands(stage: Stage, events: list[Event], run: str) -> list[str]:
    """Everything that reads the ledger, the books or the store, or sends something on its way."""
    customer = next(event.subject for event in events if event.entity is Entity.CUSTOMER)
    invoice = next(event.subject for event in events if event.entity is Entity.INVOICE)
    org = stage.organisation
    asking = [
        f"resync --entity customer --id {customer}",
        f"sync-now --entity customer --id {customer} --id no-such-id",
    ]
    return [
        *asking,
        f"release --org {org}",
        "resync-all --dry-run",
        f"resync-status {run}",
        "resync-status --json",
        f"resync-cancel {run}",
        "status",
        "status --json",
        "budget",
        "budget --json",
        "check",
        "check --json",
        f"history --entity customer --id {customer}",
        f"history --entity invoice --id {invoice} --json",
        "parked list",
        "parked list --json",
        "parked retry no-such-id",
        f"reconcile {DAYS} --yes",
        f"reconcile {DAYS} --yes --json",
        f"publish {spoiled_file(stage.folder, events)}",
        "ledger rebuild --yes",
        f"forget --id {customer} --store {STORE} --why asked --yes",
        f"forget --id {customer} --store {STORE} --why asked --yes --json",
        "db upgrade",
    ]


def spoiled_file(folder: Path, events: list[Event]) -> Path:
    """People in lines that are no events."""
    lines = [encode_event(event) for event in events if isinstance(event.data, Customer | Invoice | CreditMemo)][:6]
    file = folder / "events.jsonl"
    file.write_bytes(
        b"\n".join([*lines[:2], *(line[:-9] for line in lines[2:4]), *(line + b"," for line in lines[4:])])
    )
    return file


def an_agent(stage: Stage) -> Launched:
    log = stage.folder / "agent.log"
    return launch_agent(stage.config, stage.environ, log, charge_s=CHARGE_S, crash=Crash("", 1))


def agent_log(stage: Stage) -> str:
    return (stage.folder / "agent.log").read_text(errors="replace")


async def settled(stage: Stage, events: list[Event]) -> bool:
    """Whether most of what the store has is written, something is parked, and no call is open."""
    ledger = await stage.ledger()
    sales = sum(isinstance(event.data, Invoice) for event in events)
    there = stage.sandbox.counts()["documents"]["invoices"]
    return (
        there >= sales // 2
        and await stage.held(HoldState.PERSON) > 0
        and not await ledger.calls.unsettled(stage.organisation)
    )
