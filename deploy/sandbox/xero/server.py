"""The sandbox as a process: one HTTP server, on the loopback address unless a container has a name for it."""

from __future__ import annotations

import asyncio
import gc
import sys

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from deploy.sandbox.listening import LOOPBACK, listen
from deploy.sandbox.xero.app import build_app
from deploy.sandbox.xero.limits import Caps
from deploy.sandbox.xero.state import Options, Sandbox

_YOUNG = 50_000
"""Objects made before the collector looks: what it would find are documents, which stay."""


class Peers:
    """The open connections, so that one can be cut as a network would cut it."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.BaseTransport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """Uvicorn's HTTP protocol, which also writes down who is connected."""
        transports = self._transports

        class WatchedProtocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base
                transports[_peer(transport)] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                transports.pop(_peer(self.transport), None)
                super().connection_lost(exc)

        return WatchedProtocol

    def cut(self, peer: tuple[str, int]) -> None:
        """Cut the connection to a peer at once."""
        transport = self._transports.get((peer[0], peer[1]))
        if isinstance(transport, asyncio.Transport):
            transport.abort()


def _peer(transport: asyncio.BaseTransport) -> tuple[str, int]:
    name = transport.get_extra_info("peername")
    return (name[0], name[1])


def serve(
    port: int = 0,
    *,
    host: str = LOOPBACK,
    organisations: int = 1,
    day_limit: int = 5000,
    latency_ms: int = 0,
    seed: int = 0,
) -> None:
    """Serve until the process is told to end. The URL is the first line on stdout; port 0 takes a free one.

    `host` is listened on, and what the URL says. Raises SystemExit where that cannot be.
    """
    gc.set_threshold(_YOUNG)
    caps = Caps(day=day_limit, latency_ms=latency_ms)
    sandbox = Sandbox(Options(organisations=organisations, caps=caps, seed=seed))
    peers = Peers()
    listener = listen(host, port)
    sys.stdout.write(f"http://{host}:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        build_app(sandbox, peers.cut),
        http=peers.protocol(),
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])
