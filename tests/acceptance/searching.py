"""What must not be told, what was written, and where the one shows in the other."""

from __future__ import annotations

import asyncio
import tomllib
import uuid
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from schemas.entities import Customer
from schemas.envelope import Event
from schemas.parts import Address, Buyer
from tests.acceptance.launched import launch_command
from tests.acceptance.stage import Stage

_AT_ONCE = 3


def people(events: Iterable[Event]) -> list[str]:
    """Names, addresses and numbers of everybody in these events."""
    found: set[str] = set()
    for event in events:
        if isinstance(event.data, Customer):
            found |= {f"{event.data.first_name} {event.data.last_name}", *_reached_at(event.data)}
        elif buyer := getattr(event.data, "customer", None):
            found |= {buyer.name, *_reached_at(buyer)}
    return [*sorted(found - {"", " "}), "shop.example"]


def _reached_at(person: Customer | Buyer) -> Iterator[str]:
    yield from (person.email, person.phone, person.company, person.tax_number)
    yield from (person.address or Address()).lines


async def stored_secrets(stage: Stage) -> list[str]:
    """What the configuration holds."""
    settings = tomllib.loads(stage.config.read_text())
    connection = settings["connections"]["demo"]
    broker = urlsplit(stage.broker_url)
    secrets = [connection["client_secret"], settings["ledger"]["encryption_key"], f":{broker.password}@"]
    secrets += [secret for store in settings.get("stores", {}).values() for secret in store["auth"].values()]
    assert all(secrets)
    return secrets


async def cli(stage: Stage, *arguments: str) -> str:
    """What a command writes, errors included."""
    log = stage.folder / f"command-{uuid.uuid4().hex}.log"
    process = launch_command([*arguments, "--config", str(stage.config)], stage.environ, log)
    await stage.until(lambda: process.poll() is not None, within_s=90, what=" ".join(arguments))
    return log.read_text()


async def written_by(stage: Stage, commands: Iterable[str]) -> dict[str, str]:
    """What each of these commands writes, some of them at a time."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def run(command: str) -> tuple[str, str]:
        async with slots:
            return command, await cli(stage, *command.split())

    return dict(await asyncio.gather(*map(run, commands)))


def found(needles: Iterable[str], texts: Iterable[str]) -> list[str]:
    """Where something shows, with what stands around it."""
    texts = list(texts)
    return [text[max(text.index(one) - 60, 0) :][:160] for one in needles for text in texts if one in text]
