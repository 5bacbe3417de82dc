"""`xerelay resync-status` and `resync-cancel`: how far the runs are, and taking one back."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from producers.runs import RunState
from worker.cli.ledger_use import with_ledger
from worker.cli.options import AsJson, By, Config, settings, who
from worker.cli.resync_view import View, facts, table, told
from worker.ledger.ledger import Ledger
from worker.ledger.runs.run_reports import RunStatus
from worker.settings import Settings
from worker.views.runs import run_of_id, time_left

_LOOK_EVERY_S = 1.0
_NOT_TAKEN = "it appears when the store's agent has taken the command"

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The id that the command printed.")]


def resync_status(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="The run's id; the latest runs unless given.")] = "",
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay until no event of the run is on its way; of the latest unless given.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say how far the runs of commands are.

    Pages, events published, written, unchanged, parked and held, calls, time left. With --follow waits for a RUN that
    no agent has taken yet, and exits 0 when it is done, 1 when it failed, was refused or cancelled, asked for ids that
    the store does not know or for what no organisation takes, read fewer rows than it counted, or left events that no
    queue took.
    """
    checked = settings(config)
    if not (run or follow):
        runs = with_ledger(checked, lambda ledger: ledger.runs.latest())
        typer.echo(json.dumps([facts(one, None) for one in runs], indent=2)) if as_json else table(runs)
        return
    if follow:
        status = with_ledger(checked, lambda ledger: _follow(checked, ledger, run, quiet=as_json))
    else:
        status = with_ledger(checked, lambda ledger: _first(ledger, run))
    left = with_ledger(checked, lambda ledger: time_left(checked, ledger, status))
    typer.echo(json.dumps(facts(status, left), indent=2) if as_json else told(status, left))
    if follow and (status.state is not RunState.DONE or status.detail):
        raise typer.Exit(1)


def resync_cancel(run: RunId, *, by: By = "", config: Config = None) -> None:
    """Take a run back.

    The store's agent reads no further; what is published stays published.
    """
    checked = settings(config)

    async def cancel(ledger: Ledger) -> str:
        status = await ledger.runs.get(run)
        if status is None:
            return f"there is no run {run!r}; {_NOT_TAKEN}, and can be cancelled from then on"
        if status.joined_to:
            return f"{run} joined {status.joined_to}: cancel that one, which does the work of both"
        if not await ledger.runs.cancel(run, why=f"by {who(by)}"):
            return f"{run} is {status.state} already"
        await ledger.admin_actions.record("resync-cancel", who=who(by), subject=f"run {run}")
        return ""

    trouble = with_ledger(checked, cancel)
    typer.echo(trouble or f"{run} is cancelled", err=bool(trouble))
    raise typer.Exit(1 if trouble else 0)


async def _follow(checked: Settings, ledger: Ledger, run: str, *, quiet: bool) -> RunStatus:
    if run:
        await _taken(ledger, run)
    run = (await _first(ledger, run)).id
    with View(quiet=quiet) as view:
        while True:
            status = await _first(ledger, run)
            view.show(status, await time_left(checked, ledger, status))
            if status.is_over:
                return status
            await asyncio.sleep(_LOOK_EVERY_S)


async def _taken(ledger: Ledger, run: str) -> None:
    """Wait for a run that is not there, nor refused: what was sent while no agent runs is taken when one does."""
    told = False
    while await run_of_id(ledger, run) is None:
        if not told:
            typer.echo(f"there is no run {run!r} yet; {_NOT_TAKEN}: waiting, end with Ctrl-C", err=True)
        told = True
        await asyncio.sleep(_LOOK_EVERY_S)


async def _first(ledger: Ledger, run: str) -> RunStatus:
    """The run, or the one it joined. Exits 1 when it is not there: the agent may not have taken it yet."""
    status = await run_of_id(ledger, run) if run else next(iter(await ledger.runs.latest(1)), None)
    if status is not None and status.joined_to:
        status = await ledger.runs.get(status.joined_to)
    if status is None:
        which = f"run {run!r}" if run else "run yet"
        typer.echo(f"there is no {which}; {_NOT_TAKEN}", err=True)
        raise typer.Exit(1)
    return status
