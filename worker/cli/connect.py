"""`xerelay connect`: a person allows the app to reach their organisations."""

from __future__ import annotations

import asyncio
from typing import Annotated, NoReturn

import typer

from worker.bootstrap import open_ledger
from worker.cli.options import By, Config, settings, who
from worker.clients import credentials
from worker.clock import SystemClock
from worker.ledger.upgrade import upgrade
from worker.settings import Settings
from worker.settings.sections import ConnectionSettings
from worker.xero.consent import (
    ConsentRefused,
    Tenant,
    authorise_url,
    connections,
    exchange,
    new_state,
    new_verifier,
    read_callback,
)
from worker.xero.identity import connections_url, identity_client, token_endpoint
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
    app = credentials(connection)
    redirect_uri = f"http://localhost:{connection.redirect_port}/callback"
    state, verifier = new_state(), new_verifier()
    login = f"{checked.xero.login_url}/identity/connect/authorize"
    typer.echo(authorise_url(app, login_url=login, redirect_uri=redirect_uri, state=state, verifier=verifier))
    pasted = await asyncio.to_thread(typer.prompt, "The address the browser was sent to")
    code = read_callback(pasted.strip(), state=state)
    await upgrade(checked.ledger.url.get_secret_value())
    ledger = await open_ledger(checked)
    try:
        identity_url, api_url = checked.xero.identity_url, checked.xero.api_url
        async with identity_client(identity_url=identity_url, api_url=api_url) as http:
            endpoint = token_endpoint(http, identity_url=identity_url, clock=SystemClock())
            token = await exchange(endpoint, app, code=code, redirect_uri=redirect_uri, verifier=verifier)
            stored = await ledger.tokens.load(connection.name)
            if not await ledger.tokens.swap(connection.name, stored.generation if stored else 0, token):
                raise ConsentRefused("another process stored a token set meanwhile; start again")
            await ledger.admin_actions.record("connect", who=by, subject=f"connection {connection.name}")
            return await connections(http, url=connections_url(api_url), token=token)
    finally:
        await ledger.close()


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
