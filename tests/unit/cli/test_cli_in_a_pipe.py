"""What a command prints into a file or a pipe: whole lines, for what searches them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.cli_ledger import CommandLine
from tests.support.sample_ledger import document, event, key, lease_of, open_call, write
from worker.cli import app
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState

WHY = f"the sums differ: {', '.join(f'{cents}.00 in line {cents}' for cents in range(10, 40))}"
WHOLE = {
    "history --number I-shop-1": f"totals: {WHY}; compare them (id p1)",
    "parked show p1": WHY,
    "status": "the broker could not be asked: 127.0.0.1:1: ConnectionRefusedError: [Errno 111] Connection refused: is "
    "RabbitMQ running, and does broker.url name its host and port?",
}


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """An invoice that is written, and a later version of it that is parked for a long reason."""
    line = CommandLine(tmp_path)

    async def fill(ledger: Ledger) -> None:
        lease = await lease_of(ledger)
        call = await open_call(ledger, lease, write(1), write(2))
        await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])
        parked = event(
            1, HoldState.PERSON, id="p1", owner=key(1).owner, reason="totals", detail=WHY, hint="compare them"
        )
        await ledger.held.hold(lease, [parked])

    line.in_ledger(fill)
    return line


@pytest.mark.parametrize("command", WHOLE)
def test_no_line_is_broken_where_no_terminal_shows_it(command: str, line: CommandLine, tmp_path: Path) -> None:
    arguments = [*command.split(), "--config", str(tmp_path / "xerelay.toml")]

    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"})

    assert WHOLE[command] in result.stdout, result.stdout
