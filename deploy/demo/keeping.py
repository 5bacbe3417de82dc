"""The stack left up when the day is over: a console that shows it, and the metrics, until a person ends it."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from deploy.demo.chain import Chain
from deploy.demo.processes import ProcessFailed, first_line, running
from deploy.services import free_port

_LOOK_EVERY_S = 0.5


async def stay(chain: Chain, console: Console) -> None:
    """Serve the console until SIGINT or SIGTERM. Raises `ProcessFailed` when a part ends before that."""
    token = secrets.token_hex(12)
    environ = {**chain.environ, "XERELAY_CONSOLE__PORT": str(free_port()), "XERELAY_CONSOLE__ADMIN_TOKEN": token}
    folder = chain.config.parent
    log = folder / "console.log"
    with running(("worker", "console", "--config", str(chain.config)), log=log, environ=environ) as process:
        console.print(f"console: {first_line(process, log)} (any name, admin token {token})", soft_wrap=True)
        for name in chain.processes:
            for address in addresses(folder / f"{name}.log"):
                console.print(f"metrics of the {name}: {address}/metrics", soft_wrap=True)
        console.print(f"commands: xerelay status --config {chain.config}, and so on", soft_wrap=True)
        console.print("everything is left up; Ctrl-C ends it")
        stop = _told_to_stop()
        while not stop.is_set():
            for name, part in {**chain.processes, "console": process}.items():
                if part.poll() is not None and not stop.is_set():
                    raise ProcessFailed(f"the {name} has ended with {part.returncode}")
            await asyncio.sleep(_LOOK_EVERY_S)


def addresses(log: Path) -> Iterator[str]:
    """Where a process says that it answers HTTP."""
    for line in log.read_text(errors="replace").splitlines():
        if '"http.listening"' in line:
            yield json.loads(line)["address"]


def _told_to_stop() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
