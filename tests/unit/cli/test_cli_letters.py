"""A terminal whose encoding lacks a letter ends no command."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli_ledger import CommandLine
from tests.support.sample_ledger import ORG, event, lease_of
from worker.cli import main
from worker.documents.documents import EntityKey
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState

WHO = "Zoë Łukasz 山 – late … \N{GRINNING FACE}"
TERMINALS = [("latin-1", "strict"), ("ascii", "surrogateescape")]
"""Encoding and errors, as Python begins with them: the second is LANG=C without its UTF-8 mode."""
COMMANDS = [
    "parked list",
    "parked show p1",
    "parked export",
    "parked export --json",
    "history --entity invoice --id 1",
    "status",
]


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """One parked event, whose detail and message have letters of everywhere."""
    line = CommandLine(tmp_path)

    async def fill(ledger: Ledger) -> None:
        body = json.dumps({"id": "e1", "data": {"name": WHO}}).encode()
        parked = event(
            1, HoldState.PERSON, id="p1", owner=EntityKey(ORG, "shop", "invoice", "1"), reason="overpaid",
            detail=f"of {WHO}", body=body,
        )  # fmt: skip
        await ledger.held.hold(await lease_of(ledger), [parked])

    line.in_ledger(fill)
    return line


@pytest.fixture
def run(line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Run the whole command line on such a terminal; what it got."""

    def run(command: str, encoding: str, errors: str = "strict") -> bytes:
        terminal = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(terminal, encoding, errors))
        monkeypatch.setattr(sys, "argv", ["xerelay", *command.split(), "--config", str(tmp_path / "xerelay.toml")])
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        assert ended.value.code == 0
        return terminal.getvalue()

    return run


@pytest.mark.parametrize("terminal", TERMINALS, ids=" ".join)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_letter_that_the_terminal_lacks_ends_no_command(
    command: str, terminal: tuple[str, str], run: Callable[..., bytes]
) -> None:
    assert run(command, *terminal)


def test_what_the_terminal_lacks_is_printed_as_what_looks_like_it(run: Callable[..., bytes]) -> None:
    listed = run("parked list", "latin-1").decode("latin-1")

    assert "of Zoë ?ukasz ? - late ... ?" in listed


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
@pytest.mark.parametrize("command", ["parked list --json", "parked show p1 --json", "parked export --json"])
def test_json_has_every_letter_whatever_the_terminal_lacks(
    command: str, encoding: str, run: Callable[..., bytes]
) -> None:
    found = json.loads(run(command, encoding))

    one = found[0] if isinstance(found, list) else found
    assert one["detail"] == f"of {WHO}"
