"""What several commands share: the configuration option, and its errors on one line each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from worker.settings import Settings, SettingsError, load

CONFIGURATION_ERROR = 2

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The TOML file; XERELAY_CONFIG, else xerelay.toml in this folder, unless given."),
]


def settings(config: Path | None) -> Settings:
    """The checked settings. Prints each problem on a line of its own and exits 2 when there are any."""
    try:
        return load(config, os.environ)
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(CONFIGURATION_ERROR) from None
