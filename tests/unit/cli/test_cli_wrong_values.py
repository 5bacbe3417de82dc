"""A value that an option cannot have is refused with what was expected and what came, not in a library's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_ledger import CommandLine

ENTITIES = "'customer', 'product', 'order', 'invoice', 'payment', 'credit_memo'"
WRONG = {
    "parked list --entity invoices": f"expected one of {ENTITIES}, got 'invoices'",
    "resync-all --entity order --entity invoices": f"expected one of {ENTITIES}, got 'invoices'",
    "publish - --lane fast": "expected one of 'immediate', 'batch', 'backfill', got 'fast'",
    "parked list --limit few": "expected a whole number, got 'few'",
    "parked list --limit 0": "expected at least 1, got '0'",
    "parked list --limit 1000001": "expected at most 1000000, got '1000001'",
    f"parked list --limit {'9' * 5000}": f"expected a whole number, got '{'9' * 59}…",
}


@pytest.mark.parametrize("command", WRONG, ids=lambda command: command[:50])
def test_a_wrong_value_is_refused_with_what_was_expected(command: str, tmp_path: Path) -> None:
    result = CommandLine(tmp_path).run(*command.split())

    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].endswith(f": {WRONG[command]}")
