"""A command line with a ledger of its own, and no broker or Xero that answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from typer.testing import CliRunner, Result

from tests.support.sample_ledger import opened
from tests.support.settings_cases import MINIMAL
from worker.cli import app
from worker.ledger.ledger import Ledger

T = TypeVar("T")


class CommandLine:
    """Commands on one organisation, of a configuration in `folder`."""

    def __init__(
        self, folder: Path, *, changes: str = "", organisation: str = "main", broker_url: str = "amqp://127.0.0.1:1/"
    ) -> None:
        self.url = f"sqlite+inline:///{folder / 'ledger.db'}"
        self._config = folder / "xerelay.toml"
        text = MINIMAL.replace("[ledger]", f'[ledger]\nurl = "{self.url}"')
        text = text.replace("amqp://user:hidden-2@127.0.0.1/", broker_url)
        text = text.replace("[organisations.main", f"[organisations.{organisation}").replace(
            '"main"', f'"{organisation}"'
        )
        self._config.write_text(text + changes)

    def run(self, *arguments: str, stdin: str = "") -> Result:
        environ = {"COLUMNS": "200", "TERMINAL_WIDTH": "200"}
        return CliRunner().invoke(app, [*arguments, "--config", str(self._config)], env=environ, input=stdin)

    def json(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def in_ledger(self, act: Callable[[Ledger], Awaitable[T]]) -> T:
        async def work() -> T:
            async with opened(self.url) as ledger:
                return await act(ledger)

        return asyncio.run(work())
