"""A run is followed from the moment its command was sent, also while no agent runs that could take it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from producers.runs import Progress, Run, RunState
from schemas.codec import encode_event
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support import mapping_cases
from tests.support.agent_fixture import message
from tests.support.cli_ledger import CommandLine
from tests.support.fake_store import INVOICES
from tests.support.sample_ledger import event, key, lease_of, opened
from worker.ledger.records import HoldState

ROOT = Path(__file__).parents[3]
RUN = Run("run-1", "resync-all", ResyncAll())


async def followed(folder: Path) -> tuple[str, int | None]:
    """What following the run tells, and its exit status."""
    following = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "worker", "resync-status", RUN.id, "--follow"),
        cwd=ROOT,
        env={"XERELAY_CONFIG": str(folder / "xerelay.toml")},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        told, _ = await asyncio.wait_for(following.communicate(), 60)
    finally:
        if following.returncode is None:
            following.kill()
    return told.decode(), following.returncode


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
        "there is no run 'run-1' yet; it appears when the store's agent has taken the command: "
        "waiting, end with Ctrl-C\n"
    )
    assert told.decode().startswith("resync-all run-1 of shop: cancelled (by ann)")
    assert following.returncode == 1


async def test_a_run_is_followed_no_further_when_all_that_is_left_of_it_waits_for_a_sale(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    sale = mapping_cases.event(Entity.INVOICE, mapping_cases.invoice(mapping_cases.line("10.00")))
    body = encode_event(sale.model_copy(update={"correlation_id": RUN.id}))
    async with opened(line.url) as ledger:
        checkpoints, runs = ledger.store("shop", holder="agent")
        assert await checkpoints.take_charge(15)
        await runs.record(RUN, message(RUN.name, RUN.command, RUN.id))
        await runs.save_page(RUN, INVOICES, Progress(1, 1, 1, 1, done=True), ())
        await runs.finish(RUN, RunState.DONE)
        await ledger.held.hold(await lease_of(ledger), [event(1, HoldState.PARENT, body=body, parent=key(9))])

    told, code = await followed(tmp_path)

    assert "0 parked, 1 held for their sale, 0 calls, 0 on their way\n" in told
    assert code == 0


async def test_a_command_that_the_agent_refuses_is_followed_no_further(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    async with opened(line.url) as ledger:
        _, runs = ledger.store("shop", holder="agent")
        await runs.refuse(b"no JSON", "message: expected JSON")
        await runs.refuse(message(RUN.name, RUN.command, "run-0"), "another")
        await runs.refuse(message(RUN.name, RUN.command, RUN.id), "organisation: is none that shop feeds")

    told, code = await followed(tmp_path)

    assert ": refused (organisation: is none that shop feeds)\n" in told
    assert code == 1
