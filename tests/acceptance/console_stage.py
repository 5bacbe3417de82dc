"""All of xerelay beside its console, each a process of its own: a store, its agent, a worker, a sandbox Xero."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx

from deploy.demo.configuration import write_store_configuration
from deploy.services import free_port
from tests.acceptance.launched import launch_command
from tests.support.sandbox_fixture import SandboxControl
from tests.support.store_fixture import StoreSandbox

TOKEN = "the-token-of-the-browser-test"
LEFT_OUT = ("stripe_payments", "paypal_express")
"""Payment methods that the configuration file does not name."""


class ConsoleStage:
    """Everything below `folder`. The connection is a web app's, and nobody has allowed it anything yet."""

    def __init__(
        self, folder: Path, *, organisation: str, broker_url: str, xero: SandboxControl, store: StoreSandbox
    ) -> None:
        self.folder = folder
        self.organisation = organisation
        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self.config = write_store_configuration(
            folder,
            organisation=organisation,
            start_date=dt.datetime.now(dt.UTC).date() - dt.timedelta(days=15),
            broker_url=broker_url,
            xero_url=xero.url,
            store=f"shop_{organisation}".removesuffix("_main"),
            store_url=store.url,
            credentials=store.credentials,
        )
        lines = self.config.read_text().splitlines(keepends=True)
        self.config.write_text("".join(line for line in lines if not line.startswith(tuple(f'"{m}' for m in LEFT_OUT))))
        self.environ = {
            "XERELAY_CONNECTIONS__DEMO__FLOW": "web",
            "XERELAY_CONNECTIONS__DEMO__CLIENT_ID": "sandbox-web",
            "XERELAY_CONSOLE__PORT": str(self.port),
            "XERELAY_CONSOLE__ADMIN_TOKEN": TOKEN,
        }

    @contextmanager
    def running(self, *commands: str) -> Iterator[None]:
        """These commands of xerelay while the block lasts."""
        with ExitStack() as stack:
            for command in commands:
                stack.enter_context(self._process(command))
            self.until(self._answers, what="the console should answer")
            yield

    def log(self, command: str) -> str:
        return (self.folder / f"{command}.log").read_text(errors="replace")

    def until(self, condition: Callable[[], object], *, within_s: float = 60, what: str = "") -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {within_s} s: {what}\n{self.log('console')[-3000:]}"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    @contextmanager
    def _process(self, command: str) -> Iterator[None]:
        log = self.folder / f"{command}.log"
        process = launch_command([command, "--config", str(self.config)], self.environ, log)
        try:
            yield
            assert process.poll() is None, f"the {command} has ended\n{self.log(command)[-3000:]}"
        finally:
            process.terminate()
            with suppress(AssertionError):
                process.wait(60)
            process.kill()
