"""The sandbox as a process: one HTTP server, on the loopback address unless a container has a name for it."""

from __future__ import annotations

import sys

import uvicorn

from deploy.sandbox.listening import LOOPBACK, listen
from deploy.sandbox.store.access import ADMIN
from deploy.sandbox.store.app import build_app
from deploy.sandbox.store.oauth import INTEGRATION
from deploy.sandbox.store.state import Options, Sandbox


def serve(port: int, options: Options, *, host: str = LOOPBACK) -> None:
    """Serve until the process is told to end. The URL is the first line on stdout; port 0 takes a free one.

    The lines after it are the credentials. They come once the store's past is made up and requests are answered.
    `host` is listened on, and the store's own address. Raises SystemExit where that cannot be.
    """
    listener = listen(host, port)
    url = f"http://{host}:{listener.getsockname()[1]}"
    sandbox = Sandbox(options, url)
    sys.stdout.write(f"{url}\n{credentials()}")
    sys.stdout.flush()
    config = uvicorn.Config(
        build_app(sandbox),
        http="h11",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])


def credentials() -> str:
    """The values a client needs, a line each. They protect nothing."""
    values = {
        "consumer_key": INTEGRATION.consumer_key,
        "consumer_secret": INTEGRATION.consumer_secret,
        "access_token": INTEGRATION.token,
        "access_token_secret": INTEGRATION.token_secret,
        "admin_username": ADMIN[0],
        "admin_password": ADMIN[1],
    }
    return "".join(f"{name} {value}\n" for name, value in values.items())
