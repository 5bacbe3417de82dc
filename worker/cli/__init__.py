"""The command line. Every command is composed here; each imports what it needs only when it runs."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from worker.cli import (
    budget,
    check,
    commands,
    connect,
    console,
    db,
    demo,
    dry_run,
    forget,
    history,
    ledger,
    parked,
    plan,
    publish,
    reconcile,
    resync_status,
    sandbox,
    schema,
    serve,
    status,
    store,
)
from worker.logs import silence_pika

app = typer.Typer(
    name="xerelay",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Keeps an online store's books in Xero complete and correct, within Xero's daily call cap.",
)
app.command("worker")(serve.worker)
app.command("store")(store.store)
app.command("status")(status.status)
app.command("budget")(budget.budget)
app.command("history")(history.history)
app.command("resync-all")(commands.resync_all)
app.command("resync")(commands.resync)
app.command("sync-now")(commands.sync_now)
app.command("release")(commands.release)
app.command("resync-status")(resync_status.resync_status)
app.command("resync-cancel")(resync_status.resync_cancel)
app.command("reconcile")(reconcile.reconcile)
app.command("publish")(publish.publish)
app.command("forget")(forget.forget)
app.command("check")(check.check)
app.command("connect")(connect.connect)
app.command("console")(console.console)
app.command("plan")(plan.plan)
app.command("dry-run")(dry_run.dry_run)
app.command("demo")(demo.demo)
app.add_typer(db.app, name="db")
app.add_typer(ledger.app, name="ledger")
app.add_typer(parked.app, name="parked")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(schema.app, name="schema")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"xerelay {version('xerelay')}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keeps an online store's books in Xero complete and correct, within Xero's daily call cap."""
    silence_pika()


def main() -> None:
    """Run the command line."""
    app()
