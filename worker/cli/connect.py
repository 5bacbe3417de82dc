"""`xerelay connect`: a person allows the app to reach their organisations."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import Callable
from errno import EADDRINUSE
from typing import Annotated, NoReturn

import typer

from worker.bootstrap import open_ledger
from worker.cli.callback import PATH, listening
from worker.cli.options import By, Config, settings, who
from worker.clock import SystemClock
from worker.ledger.database.errors import LedgerError
from worker.ledger.database.upgrade import upgrade
from worker.settings import Settings
from worker.settings.sections import ConnectionSettings
from worker.xero.connecting import Question, complete
from worker.xero.oauth.consent import ConsentRefused, Tenant
from worker.xero.oauth.tokens import AuthError

_PATIENCE_S = 600.0
_AGAIN = "run it again, with --paste where the browser is on another machine"


def connect(
    name: Annotated[str, typer.Argument(help="The connection, as in [connections.NAME].")],
    *,
    paste: Annotated[
        bool, typer.Option("--paste", help="Wait for no browser: ask for the address it was sent to.")
    ] = False,
    by: By = "",
    config: Config = None,
) -> None:
    """Store a token set for a connection of flow web or pkce.

    Opens Xero's consent page in the browser, and prints its address; waits 10 minutes for the browser to come back.
    With --paste, for a machine without a browser: open the address in any, allow the access, and paste the address that
    the browser is sent to afterwards, even if no page loads there. Lists the organisations to choose from.
    """
    checked = settings(config)
    connection = checked.connections.get(name)
    if connection is None:
        _fail(f"no [connections.{name}] in the configuration; there are: {', '.join(checked.connections)}")
    if connection.flow == "custom":
        _fail(f'connections.{name} has flow "custom": it needs no consent, the worker asks for tokens itself')
    try:
        tenants = asyncio.run(_connect(checked, connection, who(by), paste=paste))
    except (ConsentRefused, AuthError) as error:
        _fail(str(error))
    except LedgerError as error:
        _fail(f"ledger: {error}", code=1)
    typer.echo("connected; the organisations it reaches (put the id into organisations.NAME.tenant_id):")
    configured = {org.tenant_id: org.name for org in checked.organisations.values() if org.tenant_id}
    for tenant in tenants:
        used = f"  (organisations.{configured[tenant.id]})" if tenant.id in configured else ""
        typer.echo(f"  {tenant.id}  {tenant.name}{used}")


async def _connect(checked: Settings, connection: ConnectionSettings, by: str, *, paste: bool) -> list[Tenant]:
    question = Question(connection, f"http://localhost:{connection.redirect_port}{PATH}")
    page = question.url(checked)
    answer = await (_pasted(page) if paste else came_back(page, connection.redirect_port, question.state))
    await upgrade(checked.ledger.url.get_secret_value())
    ledger = await open_ledger(checked)
    try:
        return await complete(checked, ledger, question, answer.strip(), clock=SystemClock(), who=by)
    finally:
        await ledger.close()


async def _pasted(page: str) -> str:
    typer.echo(page)
    pasted: str = await asyncio.to_thread(typer.prompt, "The address the browser was sent to")
    return pasted


async def came_back(page: str, port: int, state: str, *, browse: Callable[[str], object] = webbrowser.open) -> str:
    """What the browser brings. Raises `ConsentRefused`."""
    try:
        async with listening(port, state) as callback:
            typer.echo(page)
            await asyncio.to_thread(browse, page)
            return await callback.uri(within_s=_PATIENCE_S)
    except TimeoutError:
        raise ConsentRefused(f"nobody came back within 10 minutes; {_AGAIN}") from None
    except OSError as error:
        if error.errno == EADDRINUSE:
            # first of all not --paste: a browser would end at that console, which refuses what it did not ask for
            there = f"if a console has it, log in at http://localhost:{port} and press Connect there"
            raise ConsentRefused(f"port {port} is taken; {there}; else run it again with --paste") from None
        raise ConsentRefused(f"port {port} cannot be used; {_AGAIN}") from None


def _fail(message: str, *, code: int = 2) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
