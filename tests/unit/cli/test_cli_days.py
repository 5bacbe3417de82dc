"""A day that is none is refused with what was expected and what came, by each command that takes days."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_ledger import CommandLine

TAKE_DAYS = [
    ["reconcile", "--from"],
    ["reconcile", "--from", "2026-03-01", "--to"],
    ["history", "--number", "17", "--since"],
    ["dry-run", "--since"],
    ["resync-all", "--since"],
    ["resync", "--entity", "invoice", "--from"],
    ["resync", "--entity", "invoice", "--from", "2026-03-01", "--to"],
    ["parked", "list", "--since"],
    ["parked", "retry", "--since"],
    ["parked", "discard", "--why", "booked by hand", "--since"],
    ["parked", "export", "--since"],
]


@pytest.mark.parametrize("command", TAKE_DAYS, ids=" ".join)
def test_each_command_says_what_it_expected_and_what_came(command: list[str], tmp_path: Path) -> None:
    result = CommandLine(tmp_path).run(*command, "2026-13-40")

    said = f"'{command[-1]}': expected a day of 1900 to 2999 as YYYY-MM-DD, such as 2026-03-31, got '2026-13-40'\n"
    assert result.exit_code == 2
    assert result.stderr.endswith(said)


@pytest.mark.parametrize(
    "typed", ["yesterday", "2026-02-30", "31.03.2026", "2026-03-31T10:00", "20260331", "", "9999-12-31"]
)
def test_a_day_is_one_of_the_calendar_that_has_neighbours(typed: str, tmp_path: Path) -> None:
    result = CommandLine(tmp_path).run("reconcile", "--from", typed)

    assert result.exit_code == 2
    assert f"got {typed!r}" in result.stderr


def test_a_day_is_the_one_that_was_typed(tmp_path: Path) -> None:
    result = CommandLine(tmp_path).run("reconcile", "--from", "2026-03-31", "--to", "2026-03-30")

    assert (result.exit_code, result.stderr) == (2, "--to is 2026-03-30, before --from, 2026-03-31\n")
