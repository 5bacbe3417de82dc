"""`xerelay status`: how it goes, once or again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from functools import partial
from typing import Annotated

import typer
from rich.live import Live

from producers.amqp import depths
from worker.broker import broker_settings
from worker.cli.ledger_use import with_ledger
from worker.cli.options import AsJson, Config, Org, organisations, settings
from worker.cli.plain import print_json
from worker.cli.printing import on_stdout
from worker.cli.status_view import shown
from worker.ledger.ledger import Ledger
from worker.views.status import Status
from worker.views.status import status as look

_EVERY_S = 2.0

Look = Callable[[], Awaitable[Status]]


def status(
    *,
    org: Org = "",
    watch: Annotated[bool, typer.Option("--watch", help="Show it again every 2 seconds, until Ctrl-C.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say how it goes: organisations, lanes, backlog, calls left.

    Who serves each organisation, what waits in each lane and when it will be in Xero, what is held and parked, how many
    calls are left, and why an organisation stands still. With --watch and --json there is one document on each line.
    """
    checked = settings(config)
    chosen = organisations(checked, org)

    async def act(ledger: Ledger) -> None:
        ask = partial(depths, broker_settings(checked))
        once = partial(look, ledger, chosen, stores=tuple(checked.stores), ask=ask)
        if watch:
            await follow(once, as_json=as_json)
        else:
            _show(await once(), as_json=as_json)

    with suppress(KeyboardInterrupt):
        with_ledger(checked, act)


async def follow(once: Look, *, as_json: bool, every_s: float = _EVERY_S) -> None:
    """Until cancelled. On a terminal each look takes the place of the one before, else it comes below."""
    console = on_stdout()
    live = Live(console=console, auto_refresh=False) if console.is_terminal and not as_json else None
    with live or nullcontext():
        while True:
            seen = await once()
            if live is not None:
                live.update(shown(seen), refresh=True)
            elif as_json:
                print_json(seen, indent=None)
            else:
                console.print(shown(seen))
            await asyncio.sleep(every_s)


def _show(seen: Status, *, as_json: bool) -> None:
    if as_json:
        print_json(seen)
    else:
        on_stdout().print(shown(seen))
