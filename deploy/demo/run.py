"""The demo from start to report."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.demo.compare import Difference, compare, parked_as_expected
from deploy.demo.configuration import write_configuration
from deploy.demo.day import Day, trading_day
from deploy.demo.inspect import Inspection
from deploy.demo.processes import clean_environment, first_line, running
from deploy.demo.progress import Progress
from deploy.demo.publishing import publish
from deploy.services import broker_service
from schemas.entities import Entity
from schemas.envelope import Lane
from worker.ledger.records import Held

_DEADLINE_S = 180.0
_POLL_S = 0.5
_LANES = {Entity.PAYMENT: Lane.BATCH, Entity.CREDIT_MEMO: Lane.BATCH}
_FIGURES = (
    "events_published",
    "calls",
    "documents_per_call",
    "calls_left_today",
    "lost",
    "duplicated",
    "cents_off",
    "seconds",
)


@dataclass(frozen=True, slots=True)
class Evening:
    """What the demo found when the day was over."""

    audit: Mapping[str, Any]
    difference: Difference
    parked: list[Held]
    calls_left: int
    seconds: float


def run(*, customers: int, products: int, orders: int, seed: int, report: Path) -> int:
    """The exit code: 0 when the books are complete and equal to the cent."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="xerelay-demo-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        console.print("starting RabbitMQ …")
        (folder / "broker").mkdir(mode=0o755)
        with broker_service(folder / "broker") as broker:
            organisation = "main" if broker.can_restart else f"demo_{uuid.uuid4().hex[:8]}"
            day = trading_day(organisation, customers=customers, products=products, orders=orders, seed=seed)
            evening = asyncio.run(_play(day, organisation, broker.url, folder, console))
    document = summary(day, evening)
    report.write_text(json.dumps(document, indent=2) + "\n")
    show(console, document, evening)
    console.print(f"report: {report}")
    return 0 if is_right(day, evening) else 1


def is_right(day: Day, evening: Evening) -> bool:
    """Nothing lost, doubled or a cent off, and exactly the bad messages parked, each for its reason."""
    difference = evening.difference
    clean = not difference.missing and not difference.extra and not difference.cents and not evening.audit["duplicates"]
    return clean and parked_as_expected(day, [held.reason for held in evening.parked])


def summary(day: Day, evening: Evening) -> dict[str, Any]:
    """The report."""
    difference, audit = evening.difference, evening.audit
    return {
        "events_published": len(day.events) + len(day.bad),
        "entities": day.entities(),
        "documents_in_xero": audit["documents"],
        "calls": audit["calls_total"],
        "documents_per_call": round(sum(audit["documents"].values()) / max(audit["calls_total"], 1), 1),
        "refused_429": audit["refused_429"],
        "calls_left_today": evening.calls_left,
        "lost": len(difference.missing),
        "duplicated": len(difference.extra) + len(audit["duplicates"]),
        "cents_off": difference.cents,
        "parked": [{"entity": _entity(held), "reason": held.reason, "detail": held.detail} for held in evening.parked],
        "seconds": round(evening.seconds, 1),
    }


def show(console: Console, document: Mapping[str, Any], evening: Evening) -> None:
    """The table a person reads."""
    table = Table("figure", "value", title="The day in Xero")
    for key in _FIGURES:
        table.add_row(key.replace("_", " "), str(document[key]))
    for kind, count in document["documents_in_xero"].items():
        table.add_row(f"{kind} in Xero", str(count))
    console.print(table)
    parked = Table("parked", "why", title="Parked, as they should be: these messages were spoiled on purpose")
    for held in evening.parked:
        parked.add_row(_entity(held), f"{held.reason}: {held.detail}")
    console.print(parked)
    for line in (*evening.difference.missing[:10], *evening.difference.extra[:10], *evening.difference.wrong[:10]):
        console.print(f"difference: {line}")


async def _play(day: Day, organisation: str, broker_url: str, folder: Path, console: Console) -> Evening:
    environ = clean_environment()
    sandbox_log, worker_log = folder / "sandbox.log", folder / "worker.log"
    with running(["deploy.sandbox.xero", "--port", "0"], log=sandbox_log, environ=environ) as sandbox:
        url = first_line(sandbox, sandbox_log)
        config = write_configuration(folder, organisation=organisation, broker_url=broker_url, xero_url=url)
        started = time.monotonic()
        with running(["worker", "worker", "--config", str(config)], log=worker_log, environ=environ) as worker:
            async with Inspection.open(url, config, organisation, {}) as inspection:
                with Progress(console) as progress:
                    published = asyncio.create_task(publish(day, broker_url, organisation, progress.published, _LANES))
                    await _until_done(day, inspection, progress, worker_is_alive=lambda: worker.poll() is None)
                    await published
                seconds = time.monotonic() - started
                books = await inspection.books()
                audit = await inspection.audit()
                parked = await inspection.parked()
                calls_left = await inspection.calls_left()
        return Evening(
            audit=audit,
            difference=compare(day, books),
            parked=parked,
            calls_left=calls_left,
            seconds=seconds,
        )


async def _until_done(
    day: Day, inspection: Inspection, progress: Progress, *, worker_is_alive: Callable[[], bool]
) -> None:
    """Until every document is there and nothing is held, or the deadline."""
    made = (day.invoices, day.credit_memos, day.payments, day.contacts, day.items, day.allocated)
    expected = sum(len(documents) for documents in made)
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline and worker_is_alive():
        audit = await inspection.audit()
        parked = await inspection.parked()
        there = sum(audit["documents"].values())
        progress.documents(there, expected, calls=audit["calls_total"], parked=len(parked))
        if there >= expected and len(parked) >= len(day.bad) and await inspection.is_idle():
            return
        await asyncio.sleep(_POLL_S)


def _entity(held: Held) -> str:
    return f"{held.owner.entity} {held.owner.entity_id}" if held.owner else f"message {held.event_id}"
