"""A shop's past in Xero: the sandbox store, read as its agent reads it, and a real worker."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from producers.store import Selection
from schemas.codec import encode_event
from schemas.entities import Entity
from schemas.envelope import CONTENT_TYPE, Event, Lane
from schemas.topology import EVENTS, event_key, organisation_queues
from tests.acceptance.launched import run_command
from tests.acceptance.stage import Stage
from tests.support.amqp_links import publishing
from tests.support.sample_ledger import parked_in, waiting_in
from tests.support.store_fixture import StoreSandbox
from worker.clock import SystemClock
from worker.documents.documents import Action, DocumentKey, Write
from worker.ledger.records import Document, HoldState
from worker.mapping.plan import Writes, plan
from worker.reconcile.sides import open_readers
from worker.settings import Settings, load

STORE = "webshop"
_STORE = """

[stores.{store}]
kind = "magento"
url = "{url}"
websites = {{ base = "{org}", outlet = "{org}" }}

[stores.{store}.auth]
consumer_key = "{consumer_key}"
consumer_secret = "{consumer_secret}"
access_token = "{access_token}"
access_token_secret = "{access_token_secret}"
"""
_ACCOUNTS = 'gift_card = "841"\nstore_credit = "842"\n'
_PAYMENTS = 'default = "092"\nreward_points = "842"\n'


class BooksStage:
    """A stage whose organisation is fed by the websites of a sandbox store that trade in pounds."""

    def __init__(self, stage: Stage, store: StoreSandbox) -> None:
        self.stage = stage
        self.store = store
        text = stage.config.read_text()
        org = stage.organisation
        text = text.replace(f"[organisations.{org}.accounts]\n", f"[organisations.{org}.accounts]\n{_ACCOUNTS}")
        text = text.replace(f"[organisations.{org}.payments]\n", f"[organisations.{org}.payments]\n{_PAYMENTS}")
        stage.config.write_text(text + _STORE.format(store=STORE, url=store.url, org=org, **store.credentials))

    @property
    def settings(self) -> Settings:
        return load(self.stage.config, self.stage.environ)

    async def events(self) -> list[Event]:
        """All that the store has, as a resync publishes it."""
        opened = open_readers(self.settings, self.stage.organisation, clock=SystemClock(), on_broken=_broken)
        async with opened as readers:
            (reader,) = readers.values()
            return [event async for page in reader.events(Selection(), frozenset(Entity)) for event in page]

    async def resync(self, *, later: timedelta = timedelta()) -> list[Write]:
        """Publish all of it, each version `later`, and wait until the worker has settled it; what it asks for."""
        events = [event.model_copy(update={"version": event.version + later}) for event in await self.events()]
        await self._publish(events)
        org = self.settings.organisations[self.stage.organisation]
        plans = [plan(event, org) for event in events]
        writes = [write for one in plans if isinstance(one, Writes) for write in one.made]
        await self.stage.until_async(lambda: self._has(writes), what="every document of the store")
        return writes

    async def documents(self, writes: Iterable[Write]) -> dict[DocumentKey, Document]:
        """What the ledger knows of these."""
        return await (await self.stage.ledger()).documents.get([write.key for write in writes])

    async def lose_ledger(self) -> None:
        """End the worker, and lose its database."""
        await self.stage.close()
        for path in self.stage.folder.glob("ledger.db*"):
            path.unlink()

    async def parked(self) -> list[tuple[str, str]]:
        ledger = await self.stage.ledger()
        return [(one.reason, one.detail) for one in await parked_in(ledger, self.stage.organisation)]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command, as a person types it."""
        return run_command([*arguments, "--config", str(self.stage.config)], self.stage.environ)

    def command(self, *arguments: str) -> tuple[int, Any]:
        """A command's exit code, and what its JSON says of the organisation."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        (result,) = json.loads(done.stdout)["organisations"]
        return done.returncode, result

    def reconcile(self, first: date, last: date) -> tuple[int, Any]:
        return self.command("reconcile", "--from", str(first), "--to", str(last))

    async def _publish(self, events: Sequence[Event]) -> None:
        org = self.stage.organisation
        async with publishing(self.stage.broker_url, organisation_queues(org)) as publisher:
            sent = (
                publisher.publish(
                    exchange=EVENTS,
                    routing_key=event_key(org, Lane.IMMEDIATE, event.entity),
                    body=encode_event(event),
                    message_id=event.id,
                    content_type=CONTENT_TYPE,
                )
                for event in events
            )
            await asyncio.gather(*sent)

    async def _has(self, writes: Sequence[Write]) -> bool:
        ledger = await self.stage.ledger()
        counts = await waiting_in(ledger, self.stage.organisation)
        assert not counts[HoldState.PERSON], await self.parked()
        there = await self.documents(writes)
        saved = [write for write in writes if write.action is Action.SAVE]
        return (
            not counts[HoldState.TIME] + counts[HoldState.PARENT]
            and all(write.key in there and there[write.key].version >= write.version for write in saved)
            and not await ledger.calls.unsettled(self.stage.organisation)
        )


def _broken(store: str, stream: object, row: object) -> None:
    raise AssertionError(f"{store} {stream}: {row}")
