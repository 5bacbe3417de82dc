"""A command whose output finds no room, as on a full disk, says so in a line."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli_ledger import CommandLine
from worker.ledger.database.upgrade import upgrade

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("command", [["--help"], ["budget"], ["parked", "list", "--json"]], ids=" ".join)
def test_a_full_disk_behind_the_output_is_one_line(command: list[str], tmp_path: Path) -> None:
    asyncio.run(upgrade(CommandLine(tmp_path).url))

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "worker", *command],
            cwd=ROOT,
            env={"XERELAY_CONFIG": str(tmp_path / "xerelay.toml")},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.returncode == 1
    assert done.stderr == "the output could not be written: No space left on device; make room where it goes\n"


@pytest.mark.parametrize("command", ["list", "list --json", "export", "export --json"])
def test_a_command_whose_output_is_closed_ends_without_a_word(command: str, tmp_path: Path) -> None:
    """As `>&-` closes it."""
    asyncio.run(upgrade(CommandLine(tmp_path).url))

    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m worker parked {command} >&-', sys.executable],
        cwd=ROOT,
        env={"XERELAY_CONFIG": str(tmp_path / "xerelay.toml")},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
