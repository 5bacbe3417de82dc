"""No option is passed over in silence: what does not go with another is refused, with what to give instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_ledger import CommandLine

RESYNC = ["resync", "--entity", "invoice"]
WHICH = "which ones? give --id, or else --from, and --to where there is a last day\n"
EITHER = "give either --id, or --from and --to: with ids the days would choose nothing\n"
WHOSE = "whose history? give --entity with --id, or --number\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*RESYNC, "--id", "17", "--from", "2026-03-01"], EITHER),
        ([*RESYNC, "--id", "17", "--to", "2026-03-01"], EITHER),
        ([*RESYNC, "--to", "2026-03-01"], WHICH),
        (RESYNC, WHICH),
        (["history", "--number", "100017", "--id", "17"], WHOSE),
        (["history", "--number", "100017", "--entity", "invoice"], WHOSE),
        (
            ["forget", "--email", "jo@example.com", "--store", "shop"],
            "--store says whose --id is; by --email a person is forgotten whatever the store\n",
        ),
        (
            ["dry-run", "day.jsonl", "--org", "main"],
            "--org goes with --since; the events of a FILE say whose they are\n",
        ),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_what_would_be_ignored_is_refused(arguments: list[str], said: str, tmp_path: Path) -> None:
    line = CommandLine(tmp_path)

    result = line.run(*arguments)

    assert (result.exit_code, result.stderr) == (2, said)


@pytest.mark.parametrize(
    "arguments",
    [
        ["forget", "--email", "jo@example.com", "--yes", "--why", "gr\udcfcn"],
        ["parked", "discard", "p1", "--why", "a test", "--by=J\udcfcrg"],
        ["history", "--number", "gr\udcfcn"],
    ],
)
def test_text_of_another_encoding_is_refused(arguments: list[str], tmp_path: Path) -> None:
    result = CommandLine(tmp_path).run(*arguments)

    assert result.exit_code == 2
    assert "expected text in UTF-8, got '" in result.stderr
    assert "the terminal writes it in another encoding" in result.stderr


def test_a_file_may_have_a_name_of_another_encoding(tmp_path: Path) -> None:
    line, file = CommandLine(tmp_path), tmp_path / "gr\udcfcn.jsonl"
    file.write_text("")

    assert line.run("dry-run", str(file)).exit_code == 0
