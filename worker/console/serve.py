"""The console's process: put together from its settings, served until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from producers.amqp import depths
from worker.bootstrap import open_ledger
from worker.broker import broker_settings
from worker.clock import SystemClock
from worker.console.app import make_app
from worker.console.chart_lists import read_chart
from worker.console.consents import Consents
from worker.console.desk import Desk
from worker.console.sessions import Attempts, Sessions
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.settings import Settings
from worker.stores.commanding import place


async def run_console(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `say` gets the address. Raises `LedgerError`, and `OSError` without its port."""
    section = settings.console
    listener = _listen(section.host, section.port)
    await upgrade(settings.ledger.url.get_secret_value())
    ledger = await open_ledger(settings)
    try:
        server = _Server(_config(make_app(make_desk(settings, ledger))))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        say(section.address)
        await server.serve(sockets=[listener])
    finally:
        await ledger.close()
        listener.close()


class _Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn's own handling ends the process before the ledger is closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """End when what is being answered is answered."""
        self.should_exit = True


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        limit_concurrency=100,
        timeout_graceful_shutdown=5,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def make_desk(settings: Settings, ledger: Ledger) -> Desk:
    """What the pages work with, the broker's being an admin's."""
    # as the user who may publish commands and see every queue, where there is one
    clock, broker = SystemClock(), broker_settings(settings, settings.console.broker_url)
    return Desk(
        settings=settings,
        ledger=ledger,
        clock=clock,
        ask=partial(depths, broker),
        place=partial(place, broker),
        read_chart=partial(read_chart, settings, ledger, clock),
        sessions=Sessions(clock),
        attempts=Attempts(clock),
        consents=Consents(clock),
    )
