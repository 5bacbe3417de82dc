"""An agent beside a shop that exports files: real broker, real ledger, agent processes that may be killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from producers.amqp import Delivery
from producers.checkpoints import Memory
from producers.store import Stream
from schemas.codec import decode_event
from schemas.commands import Command, command_schema, command_type, encode_command
from schemas.entities import Entity
from schemas.envelope import CONTENT_TYPE, Envelope, Event, Lane
from schemas.topology import (
    COMMANDS,
    command_key,
    event_key,
    lane_queue,
    organisation_queues,
    store_commands,
    store_queues,
)
from tests.acceptance.launched import Crash, Launched, launch_agent, run_command
from tests.support.amqp_links import consuming, publish, publishing
from tests.support.day_configuration import write_configuration
from tests.support.export_shop import ExportShop
from tests.support.log_lines import told
from worker.ledger.database.errors import LedgerError
from worker.ledger.ledger import Ledger
from worker.ledger.runs.run_reports import RunStatus

CHARGE_S = 15.0
"""As agents have it: a machine that stands still for some seconds costs nobody the charge."""

SHORT_CHARGE_S = 1.5
"""Of those who are killed: whoever comes next waits for the end of it."""

_END = "the end"

_STORE = """

[stores.{store}]
kind = "{kind}"
url = "{url}"
organisation = "{org}"
poll = "1s"
lag = "{lag}"
{auth}
"""
EXPORTING = {"kind": "examples.stores.export_folder:open_store", "lag": "0s", "auth": ""}


class ShopStage:
    """Everything below `folder`; ended by `close`."""

    def __init__(
        self,
        folder: Path,
        *,
        organisation: str,
        broker_url: str,
        ledger_url: str,
        xero_url: str = "http://127.0.0.1:1",
        store: Mapping[str, str] = EXPORTING,
    ) -> None:
        self.folder = folder
        self.organisation = organisation
        self.store = f"shop_{organisation}"[:32]
        self.broker_url = broker_url
        self.ledger_url = ledger_url
        self.shop = ExportShop(folder / "export")
        self.config = write_configuration(folder, organisation=organisation, broker_url=broker_url, xero_url=xero_url)
        with self.config.open("a") as config:
            named = {"store": self.store, "org": organisation, "url": self.shop.url}
            config.write(_STORE.format_map(named | dict(store)))
        self.environ = {"XERELAY_LEDGER__URL": ledger_url}
        self.charge_s = CHARGE_S
        self.agents: list[Launched] = []
        self.others: list[Launched] = []
        self._ledger: Ledger | None = None

    def agent(self, step: str = "", nth: int = 1, number: int = signal.SIGKILL) -> Launched:
        """Start an agent, which sends itself a signal at the `nth` time of `step`."""
        log = self.folder / f"agent-{len(self.agents)}.log"
        charge_s = SHORT_CHARGE_S if step else self.charge_s
        process = launch_agent(self.config, self.environ, log, charge_s=charge_s, crash=Crash(step, nth, number))
        self.agents.append(process)
        return process

    def log(self, number: int = -1) -> str:
        """What an agent has written."""
        return (self.folder / f"agent-{number % len(self.agents)}.log").read_text(errors="replace")

    def command_line(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of xerelay's, as a person types it."""
        return run_command([*arguments, "--config", str(self.config)], self.environ)

    async def died(self, process: Launched) -> None:
        """The agent has ended itself with SIGKILL."""
        await self.until(lambda: process.poll() is not None, what="the agent should have ended itself")
        assert process.returncode == -signal.SIGKILL, self.log()[-3000:]

    async def until(self, condition: Callable[[], object], *, within_s: float = 60, what: str = "") -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {within_s} s: {what}\n{self.log()[-3000:]}"
            await asyncio.sleep(0.05)

    async def until_async(
        self, condition: Callable[[], Awaitable[object]], *, within_s: float = 60, what: str = ""
    ) -> None:
        deadline = time.monotonic() + within_s
        while not await condition():
            assert time.monotonic() < deadline, f"not within {within_s} s: {what}\n{self.log()[-3000:]}"
            await asyncio.sleep(0.05)

    async def ask(self, name: str, command: Command, *, run_id: str = "") -> str:
        """Publish a command as any client may; returns its run."""
        run_id = run_id or uuid.uuid4().hex
        envelope = Envelope(
            id=run_id, source="admin", type=command_type(name), time=datetime.now(UTC), dataschema=command_schema(name)
        )
        await self.post_command(name, run_id, encode_command(envelope, command))
        return run_id

    async def post_command(self, name: str, message_id: str, body: bytes) -> None:
        async with publishing(self.broker_url, store_queues(self.store)) as publisher:
            await publisher.publish(
                exchange=COMMANDS,
                routing_key=command_key(self.store, name),
                body=body,
                message_id=message_id,
                content_type=CONTENT_TYPE,
            )

    async def commands_waiting(self) -> int:
        """Commands that the broker has and no agent holds."""
        async with consuming(self.broker_url, store_queues(self.store)) as intake:
            return await intake.consumer.depth(store_commands(self.store))

    async def published(self, *lanes: Lane) -> list[Event]:
        """Take every event that waits in these lanes, all of them unless named: what comes before a last message."""
        queues = [lane_queue(self.organisation, lane) for lane in lanes or Lane]
        topology = organisation_queues(self.organisation)
        async with publishing(self.broker_url, topology) as publisher:
            for queue in queues:
                await publish(publisher, queue, _END, exchange="")
        async with consuming(self.broker_url, topology, *queues, prefetch=500) as intake:
            held: list[Event] = []
            left = set(queues)
            while left:
                await self.until(lambda: intake.held, what="the last message of each lane")
                taken, intake.held = intake.held, []
                for delivery in taken:
                    if delivery.message_id == _END:
                        left.remove(delivery.queue)
                    else:
                        held.append(_event(delivery))
                    intake.consumer.ack(delivery)
            return held

    async def status(self, run_id: str) -> RunStatus | None:
        ledger = await self.ledger()
        return await ledger.runs.get(run_id) if ledger else None

    async def confirmed(self, stream: Stream) -> int:
        """Of how many rows all contents are known to be with the broker."""
        return sum(all(memory.published.values()) for memory in await self.remembered(stream))

    async def remembered(self, stream: Stream) -> list[Memory]:
        """What the ledger says was published of a stream, or is on its way: of that it has no content."""
        ledger = await self.ledger()
        if ledger is None:
            return []
        checkpoints, _ = ledger.store(self.store, holder="a test")
        return await checkpoints.published_between(stream, 0, None, 1_000_000)

    async def ledger(self) -> Ledger | None:
        """The ledger, once an agent has made it; open until `close`."""
        if self._ledger is None:
            with suppress(LedgerError):
                self._ledger = await Ledger.open(self.ledger_url, encryption_key=None)
        return self._ledger

    async def close(self) -> None:
        if self._ledger is not None:
            await self._ledger.close()
        for process in (*self.agents, *self.others):
            if process.poll() is None:
                process.kill()
            process.wait(60)


def _event(delivery: Delivery) -> Event:
    """As it came, by the way of its lane."""
    event = decode_event(delivery.body)
    assert delivery.routing_key == event_key(event.organisation, Lane(delivery.queue.rsplit(".", 1)[1]), event.entity)
    return event


def ids(events: Iterable[Event], entity: Entity = Entity.INVOICE) -> Counter[str]:
    """How often each id of an entity came."""
    return Counter(event.subject for event in events if event.entity is entity)


def logged(text: str, event: str) -> list[dict[str, Any]]:
    """The lines of a log that tell `event`."""
    return told(text, event=event)
