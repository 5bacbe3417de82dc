"""How fast a resync publishes a Magento store of 1,000 and of 100,000 entities, and how much memory it takes.

The sandbox store and the broker have one core, the agent the other, in a process of its own. One line of JSON. The
store alone is measured first: a plain client that reads its lists, page after page, and does nothing with them.
`--events` is the larger number of entities; four come of an order.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.services import broker_service
from producers.magento.streams import STREAMS
from producers.store import Cursor
from schemas.commands import ResyncAll, command_schema, command_type, encode_command
from schemas.envelope import CONTENT_TYPE, Envelope
from schemas.topology import COMMANDS, command_key, store_queues
from tests.benchmarks.support.machine import (
    ROOT,
    arguments,
    made,
    median,
    on_core,
    public_folder,
    report,
    say,
    share_cores,
    unused,
)
from tests.support.amqp_links import publishing
from tests.support.day_configuration import write_configuration
from tests.support.store_fixture import StoreSandbox, run_store, where
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.ledger.runs.run_reports import RunStatus

_SMALL = 1_000
_ENTITIES_PER_ORDER = 4
_PAGE = 100
_PATIENCE_S = 1200.0
_STORE = """

[stores.{store}]
kind = "magento"
url = "{url}"
organisation = "{org}"
poll = "1h"

[stores.{store}.auth]
consumer_key = "{consumer_key}"
consumer_secret = "{consumer_secret}"
access_token = "{access_token}"
access_token_secret = "{access_token_secret}"
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one resync."""

    entities: int
    per_s: float
    cpu_ms_per_entity: float
    peak_rss_mb: float
    pages_in_flight: int


def main() -> None:
    """Print the figures."""
    options = arguments("tests.benchmarks.resync", rounds=1, events=100_000)
    core = share_cores()
    alone: list[float | None] = []
    small: list[Figures] = []
    large: list[Figures] = []
    with public_folder() as folder, broker_service(made(folder / "broker")) as broker:
        for number in range(options.rounds):
            for entities, figures in ((_SMALL, small), (options.events, large)):
                orders = str(entities // _ENTITIES_PER_ORDER)
                for shop in run_store("--orders", orders, "--seed", "1", within_s=_PATIENCE_S):
                    if figures is large:
                        alone.append(_store_alone(shop))
                    figures.append(_resync(made(folder / f"{number}-{entities}"), broker.url, shop, core))
                say(f"{figures[-1]}")
    peaks = [median([one.peak_rss_mb for one in figures], digits=1) for figures in (small, large)]
    report(
        {
            "entities": large[-1].entities,
            "published_per_s": median([one.per_s for one in large]),
            "published_per_s_small": median([one.per_s for one in small]),
            "cpu_ms_per_entity": median([one.cpu_ms_per_entity for one in large], digits=3),
            "store_alone_rows_per_s": median(alone),
            "peak_rss_mb_small": peaks[0],
            "peak_rss_mb": peaks[1],
            "rss_ratio": round((peaks[1] or 0) / (peaks[0] or 1), 2),
            "pages_in_flight": large[-1].pages_in_flight,
        }
    )


def _store_alone(shop: StoreSandbox) -> float:
    """Rows a second that a plain client reads of its orders and invoices."""
    shop.control("auth", bearer=True)
    rows, began = 0, time.monotonic()
    for path in ("orders", "invoices"):
        last = 0
        while items := shop.items(path, where(("entity_id", "gt", str(last)), sort=("entity_id",), size=_PAGE)):
            rows += len(items)
            last = items[-1]["entity_id"]
    return rows / (time.monotonic() - began)


def _resync(folder: Path, broker_url: str, shop: StoreSandbox, core: int) -> Figures:
    organisation, store = unused(), unused()
    config = write_configuration(folder, organisation=organisation, broker_url=broker_url, xero_url=shop.url)
    with config.open("a") as file:
        file.write(_STORE.format(store=store, org=organisation, url=shop.url, **shop.credentials))
    return asyncio.run(_measure(folder, config, broker_url, store, core))


async def _measure(folder: Path, config: Path, broker_url: str, store: str, core: int) -> Figures:
    ledger_url = f"sqlite+inline:///{folder / 'ledger.db'}"
    await upgrade(ledger_url)
    ledger = await Ledger.open(ledger_url)
    try:
        await _let_the_poller_find_nothing(ledger, store)
        with _agent(folder, config, core) as result:
            run = await _ask(broker_url, store)
            status = await _until_done(ledger, run)
        needed = json.loads(result.read_text())
    finally:
        await ledger.close()
    assert status.started_at is not None
    assert status.finished_at is not None
    took_s = (status.finished_at - status.started_at).total_seconds()
    published = status.published
    cpu_ms = 1000 * needed["cpu_s"] / published
    return Figures(published, published / took_s, cpu_ms, needed["peak_rss_mb"], needed["pages_in_flight"])


async def _let_the_poller_find_nothing(ledger: Ledger, store: str) -> None:
    checkpoints, _ = ledger.store(store, holder="benchmark")
    assert await checkpoints.take_charge(15)
    now = datetime.now(UTC)
    for stream in STREAMS:
        await checkpoints.begin(stream, Cursor(now + timedelta(days=365)), now)
    await checkpoints.hand_over()


@contextmanager
def _agent(folder: Path, config: Path, core: int) -> Iterator[Path]:
    """An agent at work; when it has ended, its result lies at the path."""
    result = folder / "agent.json"
    command = [sys.executable, "-m", "tests.benchmarks.support.measured_agent", str(config), str(result)]
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen(on_core(core, command), cwd=ROOT, stdout=log, stderr=log, env=os.environ)
    try:
        yield result
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


async def _ask(broker_url: str, store: str) -> str:
    kind = command_type("resync-all")
    envelope = Envelope(
        id=unused(), source="admin", type=kind, time=datetime.now(UTC), dataschema=command_schema("resync-all")
    )
    async with publishing(broker_url, store_queues(store)) as publisher:
        await publisher.publish(
            exchange=COMMANDS,
            routing_key=command_key(store, "resync-all"),
            body=encode_command(envelope, ResyncAll()),
            message_id=envelope.id,
            content_type=CONTENT_TYPE,
        )
    return envelope.id


async def _until_done(ledger: Ledger, run: str) -> RunStatus:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        status = await ledger.runs.get(run)
        if status is not None and status.finished_at is not None:
            return status
        await asyncio.sleep(0.5)
    raise TimeoutError(f"the resync did not end within {_PATIENCE_S:.0f} s")


if __name__ == "__main__":
    main()
