"""Listening beside the work: the first free port of a range, a task of its own, and never the end of the process."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from starlette.applications import Starlette

_STOP_S = 0.5
_BACKLOG = 32
_CONNECTIONS = 32


class NoPort(Exception):
    """Every port of the range is taken, or the host is none of this machine's."""


@asynccontextmanager
async def listening(app: Starlette, *, host: str, ports: range) -> AsyncIterator[str | None]:
    """Serve `app` while the block lasts; yields its address, None where it cannot listen, which is logged."""
    log = structlog.get_logger("xerelay")
    try:
        listener = bind(host, ports)
    except NoPort as error:
        log.warning("http.not_listening", detail=str(error), hint="no metrics and no health: set [http] host and port")
        yield None
        return
    address = _address(host, listener)
    log.info("http.listening", address=address)
    server = _Server(_config(app))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    task.add_done_callback(_tell)
    try:
        yield address
    finally:
        server.should_exit = True
        await asyncio.wait({task}, timeout=_STOP_S)
        task.cancel()
        await asyncio.wait({task})
        listener.close()


def bind(host: str, ports: range) -> socket.socket:
    """A socket that listens on the first free port of `ports`. Raises `NoPort`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in ports:
        try:
            return _listener(family, host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise NoPort(f"http: cannot listen on {host} port {port}: {error.strerror or error}") from error
    raise NoPort(f"http.port: expected a free port of {host} in {_range(ports)}, all {len(ports)} are taken")


def _listener(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # two sockets may be bound to one port as long as neither listens: who listens first has it.
    # asyncio switches Nagle's delay off only where the protocol is named
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """Leaves the signals to the process that it is a part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=75,
    )


def _address(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _range(ports: range) -> str:
    return str(ports[0]) if len(ports) == 1 else f"{ports[0]}-{ports[-1]}"


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        structlog.get_logger("xerelay").error("http.failed", error=type(error).__name__, detail=str(error))
