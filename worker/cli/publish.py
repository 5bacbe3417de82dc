"""`xerelay publish`: events from a file or a pipe, one on each line, to the exchange."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import stat
from typing import Annotated

import typer

from producers.amqp import BadBrokerSettings, Publisher, with_cure
from producers.bulk import LinePublisher
from producers.jsonlines import LineReader
from producers.publisher import EventPublisher, event_queues
from schemas.envelope import Lane
from schemas.topology import EVENTS, Exchange
from worker.cli.options import CONFIGURATION_ERROR, Config
from worker.cli.publish_route import Route, find_route
from worker.cli.publish_view import View
from worker.settings import SettingsError

PATIENCE_S = 30
_GRACE_S = 5
_INCOMPLETE, _INTERRUPTED = 1, 130

Source = Annotated[str, typer.Argument(metavar="FILE", help="One CloudEvents message on each line; - reads stdin.")]
BrokerUrl = Annotated[str | None, typer.Option("--broker-url", help="amqp://…; without a configuration also AMQP_URL.")]
Organisations = Annotated[list[str], typer.Option("--org", help="Take events of this organisation only; repeatable.")]
LaneOption = Annotated[Lane | None, typer.Option("--lane", help="Unless given: the configured lane, or immediate.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


def publish(
    source: Source,
    *,
    config: Config = None,
    broker_url: BrokerUrl = None,
    org: Organisations = [],  # noqa: B006 - typer's way to say that an option may be repeated
    lane: LaneOption = None,
    as_json: AsJson = False,
) -> None:
    """Publish events from a file, each confirmed by the broker.

    Exit codes: 0 all confirmed, 1 some lines bad or unconfirmed, 2 usage or configuration, 130 interrupted.
    """
    view = View()
    try:
        route = find_route(config=config, broker_url=broker_url, organisations=org, lane=lane, environ=os.environ)
        descriptor = 0 if source == "-" else _open(source)
    except (SettingsError, BadBrokerSettings) as error:
        view.say(str(error))
        raise typer.Exit(CONFIGURATION_ERROR) from None
    except OSError as error:
        view.say(f"{source}: {error.strerror}")
        raise typer.Exit(CONFIGURATION_ERROR) from None
    try:
        code = asyncio.run(_run(route, descriptor, view, as_json=as_json))
    except BadBrokerSettings as error:
        view.say(str(error))
        raise typer.Exit(CONFIGURATION_ERROR) from None
    raise typer.Exit(code)


def _open(path: str) -> int:
    """A descriptor for reading. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return descriptor


async def _run(route: Route, descriptor: int, view: View, *, as_json: bool) -> int:
    orgs = route.organisations
    publisher = Publisher(route.broker, queues=event_queues(orgs), exchanges=[Exchange(EVENTS)])
    connection = asyncio.create_task(publisher.run())
    try:
        if not await _connected(publisher, connection):
            view.say(f"nothing was published: {publisher.why_not(PATIENCE_S)}")
            return _INCOMPLETE
        return await _publish_all(publisher, route, descriptor, view, as_json=as_json)
    finally:
        await publisher.stop(_GRACE_S)
        await asyncio.wait({connection})


async def _connected(publisher: Publisher, connection: asyncio.Task[None]) -> bool:
    """Whether it came about in time. Raises `BadBrokerSettings`."""
    answers = {asyncio.create_task(event.wait()) for event in (publisher.connected, publisher.turned_away)}
    await asyncio.wait({*answers, connection}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    for answer in answers:
        answer.cancel()
    if connection.done():
        connection.result()
    return publisher.connected.is_set()


async def _publish_all(publisher: Publisher, route: Route, descriptor: int, view: View, *, as_json: bool) -> int:
    reader = LineReader(descriptor)
    lines = LinePublisher(
        publish=EventPublisher(publisher, route.organisations).publish,
        lane_of=route.lane_of,
        on_fault=view.fault,
        window=route.broker.window,
    )
    running = asyncio.create_task(lines.run(reader))
    stop = _Stop(reader, running)
    watch = asyncio.create_task(_end_without_broker(publisher, running, view))
    async with view.progress(lines.tally, _size(descriptor)):
        await asyncio.wait({running})
    watch.cancel()
    if not running.cancelled():
        running.result()
    if reader.error is not None:
        view.say(f"reading stopped after line {lines.tally.last}: {reader.error.strerror}")
    summary = view.json_summary if as_json else view.summary
    typer.echo(summary(lines, interrupted=stop.asked))
    if stop.asked:
        return _INTERRUPTED
    all_read = reader.error is None and not running.cancelled()
    return 0 if lines.tally.complete and all_read else _INCOMPLETE


async def _end_without_broker(publisher: Publisher, running: asyncio.Task[None], view: View) -> None:
    """Events wait for a broker that is away; a person at a terminal does not."""
    away_s = 0
    while away_s < PATIENCE_S:
        await asyncio.sleep(1)
        away_s = 0 if publisher.connected.is_set() else away_s + 1
    view.say(f"no broker for {PATIENCE_S} s: {with_cure(publisher.last_error)}")
    running.cancel()


class _Stop:
    """The first Ctrl-C or SIGTERM ends the reading and waits for confirms, for a short time; the second gives up."""

    def __init__(self, reader: LineReader, running: asyncio.Task[None]) -> None:
        self.asked = False
        self._reader = reader
        self._running = running
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        if self.asked:
            self._running.cancel()
            return
        self.asked = True
        self._reader.stop()
        asyncio.get_running_loop().call_later(_GRACE_S, self._running.cancel)


def _size(descriptor: int) -> int | None:
    status = os.fstat(descriptor)
    return status.st_size if stat.S_ISREG(status.st_mode) else None
