"""A starlette application on a real port of this machine, for as long as a test needs it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

_START_S = 60


@contextmanager
def serving(app: ASGIApp, *, certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    """The base URL of `app`; with a certificate and its key, https."""
    listener = socket.create_server(("127.0.0.1", 0))
    cert, key = certificate or (None, None)
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_level="critical",
        access_log=False,
        date_header=False,
        ssl_certfile=cert,
        ssl_keyfile=key,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_S
    while not server.started:
        assert time.monotonic() < deadline, "the test's server did not start"
        time.sleep(0.01)
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=_START_S)
        assert not thread.is_alive()
