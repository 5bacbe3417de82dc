"""How long a run still takes, as people are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from producers.runs import Progress, Run, RunState
from schemas.commands import ResyncAll
from tests.support.agent_fixture import message
from tests.support.fake_store import INVOICES
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import lease_of, open_call, opened, write
from tests.support.settings_cases import MINIMAL
from worker.bootstrap import limits_of
from worker.budget.corrections import Headers
from worker.lanes.run_outlook import events_left, writes_left
from worker.ledger.ledger import Ledger
from worker.settings import Settings, load
from worker.views.runs import time_left


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=FakeClock()) as ledger:
        yield ledger


def of_two_organisations(folder: Path) -> Settings:
    """A store that feeds `main` and `nz`."""
    text = MINIMAL.replace('connection = "xero"', f'connection = "xero"\ntenant_id = "{UUID(int=1)}"')
    nz = text[text.index("[organisations.main]") : text.index("[stores.shop]")].replace("main", "nz")
    nz = nz.replace(str(UUID(int=1)), str(UUID(int=2)))
    path = folder / "xerelay.toml"
    path.write_text(text.replace('organisation = "main"', 'websites = { base = "main", kiwi = "nz" }') + nz)
    return load(path, {})


async def spend(ledger: Ledger, settings: Settings, org: str) -> None:
    """Xero says that no calls are left today."""
    lease = await lease_of(ledger, name=org)
    call = await open_call(ledger, lease, write(1), limits=limits_of(settings.organisations[org]))
    await ledger.calls.close(lease, call.id, status=200, headers=Headers(day_remaining=0))


async def published(ledger: Ledger, command: ResyncAll, *, events: int = 200) -> None:
    """The run `r1`, whose events are all on their way."""
    checkpoints, runs = ledger.store("shop", holder="agent")
    assert await checkpoints.take_charge(15)
    run = Run("r1", "resync-all", command)
    await runs.record(run, message(run.name, run.command, run.id))
    await runs.save_page(run, INVOICES, Progress(events, 1, events, events, done=True), ())
    await runs.finish(run, RunState.DONE)


@pytest.mark.parametrize(("org", "is_long"), [("main", False), ("nz", True), (None, True)])
async def test_only_those_that_a_run_is_for_are_waited_for(
    org: str | None, is_long: bool, ledger: Ledger, tmp_path: Path
) -> None:
    settings = of_two_organisations(tmp_path)
    await spend(ledger, settings, "nz")
    await published(ledger, ResyncAll(organisation=org))
    run = await ledger.runs.get("r1")
    assert run is not None

    left = await time_left(settings, ledger, run)

    assert left is not None
    assert (left > timedelta(minutes=5)) is is_long


@pytest.mark.parametrize(
    ("settled", "is_long"),
    [({}, True), ({"unchanged": 40_000}, False), ({"written": 30_000, "unchanged": 10_000}, True)],
)
async def test_what_is_unchanged_costs_no_calls_and_so_no_time(
    settled: dict[str, int], is_long: bool, ledger: Ledger, tmp_path: Path
) -> None:
    await published(ledger, ResyncAll(organisation="main"), events=60_000)
    await ledger.runs.add({"r1": settled})
    run = await ledger.runs.get("r1")
    assert run is not None

    left = await time_left(of_two_organisations(tmp_path), ledger, run)

    assert left is not None
    assert (left > timedelta(hours=1)) is is_long


async def test_of_what_is_left_as_much_is_written_as_of_what_has_ended(ledger: Ledger) -> None:
    await published(ledger, ResyncAll(), events=60_000)
    await ledger.runs.add({"r1": {"written": 20_000, "unchanged": 19_000}})
    run = await ledger.runs.get("r1")
    assert run is not None

    # a worker may hold 1,000 of them: what is unchanged would not be held
    assert writes_left(run) == 21_000 * 21_000 / 40_000


async def test_nobody_waits_for_a_run_that_is_over(ledger: Ledger, tmp_path: Path) -> None:
    await published(ledger, ResyncAll())
    await ledger.runs.add({"r1": {"written": 200}})
    run = await ledger.runs.get("r1")
    assert run is not None

    assert await time_left(of_two_organisations(tmp_path), ledger, run) is None


async def test_rows_that_a_cancelled_run_did_not_read_are_not_waited_for(ledger: Ledger) -> None:
    checkpoints, runs = ledger.store("shop", holder="agent")
    assert await checkpoints.take_charge(15)
    run = Run("r1", "resync-all", ResyncAll())
    await runs.record(run, message(run.name, run.command, run.id))
    await runs.save_page(run, INVOICES, Progress(600, 6, 600, 600, total=100_000), ())
    await ledger.runs.add({"r1": {"written": 500}})

    await ledger.runs.cancel("r1", why="a test")

    status = await ledger.runs.get("r1")
    assert status is not None
    assert events_left(status) == 100
