"""What several commands share: the configuration option, and its errors on one line each."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from worker.settings import OrganisationSettings, Settings, SettingsError, load

CONFIGURATION_ERROR = 2

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The TOML file; XERELAY_CONFIG, else xerelay.toml in this folder, unless given."),
]


AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]
Org = Annotated[str, typer.Option("--org", help="The organisation; all of them unless given.")]
By = Annotated[str, typer.Option("--by", help="Who does it, for the record; the user of this machine unless given.")]


def settings(config: Path | None) -> Settings:
    """The checked settings. Prints each problem on a line of its own and exits 2 when there are any."""
    from worker.cli.urls import check_urls  # noqa: PLC0415 - who only prints its help needs neither SQL nor AMQP

    try:
        checked = load(config, os.environ)
        check_urls(checked)
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(CONFIGURATION_ERROR) from None
    return checked


def organisations(checked: Settings, org: str) -> list[OrganisationSettings]:
    """The organisation of that name, or all. Exits 2 for one that is not configured."""
    if org and org not in checked.organisations:
        refuse(f"no [organisations.{org}] in the configuration; there is: {', '.join(checked.organisations)}")
    return [checked.organisations[org]] if org else list(checked.organisations.values())


def who(by: str) -> str:
    """The name that goes on record."""
    if by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not be in any list
        return f"uid {os.getuid()}"


def refuse(message: str) -> NoReturn:
    """Say why the command cannot be done as it was given, and exit 2."""
    typer.echo(message, err=True)
    raise typer.Exit(CONFIGURATION_ERROR)
