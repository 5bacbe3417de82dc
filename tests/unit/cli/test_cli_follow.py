"""A run is followed from the moment its command was sent, also while no agent runs that could take it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from producers.runs import Run
from schemas.commands import ResyncAll
from tests.support.agent_fixture import message
from tests.support.cli_ledger import CommandLine
from tests.support.sample_ledger import opened

ROOT = Path(__file__).parents[3]
RUN = Run("run-1", "resync-all", ResyncAll())


async def test_a_run_that_no_agent_has_taken_yet_is_waited_for(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    async with opened(line.url) as ledger:
        following = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "worker", "resync-status", RUN.id, "--follow"),
            cwd=ROOT,
            env={"XERELAY_CONFIG": str(tmp_path / "xerelay.toml")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert following.stderr is not None
        waits = await asyncio.wait_for(following.stderr.readline(), 60)

        await ledger.store("shop", holder="agent")[1].record(RUN, message(RUN.name, RUN.command, RUN.id))
        await ledger.runs.cancel(RUN.id, why="by ann")

        told, _ = await asyncio.wait_for(following.communicate(), 60)
    assert waits.decode() == (
        "there is no run 'run-1' yet; it appears when the store's agent has taken the command: waiting, "
        "end with Ctrl-C\n"
    )
    assert told.decode().startswith("resync-all run-1 of shop: cancelled (by ann)")
    assert following.returncode == 1
