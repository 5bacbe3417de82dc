"""`xerelay connect`: a person allows the app to reach their organisations."""

from __future__ import annotations

import asyncio
from typing import Annotated, NoReturn

import typer

from worker.bootstrap import open_ledger
from worker.cli.options import By, Config, settings, who
from worker.clock import SystemClock
from worker.connecting import Question, complete
from worker.ledger.upgrade import upgrade
from worker.settings import Settings
from worker.settings.sections import ConnectionSettings
from worker.xero.consent import ConsentRefused, Tenant
from worker.xero.tokens import AuthError


def connect(
    name: Annotated[str, typer.Argument(help="The connection, as in [connections.NAME].")],
    *,
    by: By = "",
    config: Config = None,
) -> None:
    """Store a token set for a connection of flow web or pkce.

    Prints the address of Xero's consent page. Open it in any browser, allow the access, and paste the address that the
    browser is sent to afterwards, even if no page loads there.
    """
    checked = settings(config)
    connection = checked.connections.get(name)
    if connection is None:
        _fail(f"no [connections.{name}] in the configuration; there are: {', '.join(checked.connections)}")
    if connection.flow == "custom":
        _fail(f'connections.{name} has flow "custom": it needs no consent, the worker asks for tokens itself')
    try:
        tenants = asyncio.run(_connect(checked, connection, who(by)))
    except (ConsentRefused, AuthError) as error:
        _fail(str(error))
    typer.echo("connected; the organisations it reaches (put the id into organisations.NAME.tenant_id):")
    for tenant in tenants:
        typer.echo(f"  {tenant.id}  {tenant.name}")


async def _connect(checked: Settings, connection: ConnectionSettings, by: str) -> list[Tenant]:
    question = Question(connection, f"http://localhost:{connection.redirect_port}/callback")
    typer.echo(question.url(checked))
    pasted = await asyncio.to_thread(typer.prompt, "The address the browser was sent to")
    await upgrade(checked.ledger.url.get_secret_value())
    ledger = await open_ledger(checked)
    try:
        return await complete(checked, ledger, question, pasted.strip(), clock=SystemClock(), who=by)
    finally:
        await ledger.close()


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
