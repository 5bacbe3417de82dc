"""A wrong name is refused by every command that takes it, with what there is; nothing is asked or sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_ledger import CommandLine
from tests.unit.cli.test_cli_forget_stores import SECOND

NO_ORGANISATION = "no [organisations.x] in the configuration; there is: main, nz"
NO_STORE = "no [stores.x] in the configuration; there is: shop, outlet"
NOT_FED = "store outlet does not feed 'main'; it feeds nz"
KINDS = "expected one of 'customer', 'product', 'order', 'invoice', 'payment', 'credit_memo', got 'x'"
RESYNC = "resync --entity invoice"

WRONG = {
    "status --org x": NO_ORGANISATION,
    "budget --org x": NO_ORGANISATION,
    "check --org x": NO_ORGANISATION,
    "release --org main --org x": NO_ORGANISATION,
    "history --org x --number 17": NO_ORGANISATION,
    "forget --org x --id 7": NO_ORGANISATION,
    "parked list --org x": NO_ORGANISATION,
    "parked export --org x": NO_ORGANISATION,
    "parked retry --org x": NO_ORGANISATION,
    "parked discard --why y --org x": NO_ORGANISATION,
    "reconcile --from 2026-03-01 --org x": NO_ORGANISATION,
    "dry-run --since 2026-03-01 --org x": NO_ORGANISATION,
    "ledger rebuild --org x": NO_ORGANISATION,
    "publish - --org x": "--org: x: not configured; there is: main, nz",
    "check --store x": NO_STORE,
    "store --store x": NO_STORE,
    "resync-all --store x": NO_STORE,
    f"{RESYNC} --id 1 --store x": NO_STORE,
    "sync-now --entity invoice --id 1 --store x": NO_STORE,
    "check --store outlet --org main": NOT_FED,
    "resync-all --store outlet --org main": NOT_FED,
    f"{RESYNC} --id 1 --store outlet --org main": NOT_FED,
    "sync-now --entity invoice --id 1 --store outlet --org main": NOT_FED,
    "resync-all --store shop --entity x": KINDS,
    "sync-now --entity x --id 1": KINDS,
    "history --entity x --id 1": KINDS,
    "parked list --entity x": KINDS,
    "connect x": "no [connections.x] in the configuration; there are: xero, second",
    f"{RESYNC} --store shop --from 2026-03-02 --to 2026-03-01": "--to is 2026-03-01, before --from, 2026-03-02",
}

UNKNOWN = {
    "resync-status x": "there is no run 'x'; it appears when the store's agent has taken the command",
    "resync-cancel x": "there is no run 'x'; it appears when the store's agent has taken the command, and can be "
    "cancelled from then on",
    "parked show x": "nothing is held under 'x'",
    "parked retry x": "not x: nothing is held under the id, or its message was purged",
    "parked discard x --why y": "not x: nothing is parked under the id",
    "history --number x": "nothing is known of it: no document, no event that waits, no call",
}


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """Two organisations, each with a store of its own."""
    return CommandLine(tmp_path, changes=SECOND)


@pytest.mark.parametrize("command", WRONG)
def test_a_wrong_name_is_refused_with_what_there_is(command: str, line: CommandLine) -> None:
    result = line.run(*command.split())

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f"{WRONG[command]}\n")


@pytest.mark.parametrize("command", UNKNOWN)
def test_an_id_that_the_ledger_does_not_know_is_a_failure(command: str, line: CommandLine) -> None:
    async def nothing(_ledger: object) -> None:
        """The ledger is there, and empty."""

    line.in_ledger(nothing)

    result = line.run(*command.split())

    assert (result.exit_code, result.stderr) == (1, f"{UNKNOWN[command]}\n")
