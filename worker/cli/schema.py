"""`xerelay schema`: the message contract as JSON Schema and AsyncAPI files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schemas.export import GENERATED, documents, stale, write

app = typer.Typer(no_args_is_help=True, help="The message contract as JSON Schema and AsyncAPI files.")

Target = Annotated[
    Path, typer.Option("--to", help="Where the files go; the package's own folder unless given.", show_default=False)
]
Source = Annotated[
    Path, typer.Option("--in", help="Where the files are; the package's own folder unless given.", show_default=False)
]


@app.command()
def export(to: Target = GENERATED) -> None:
    """Write one JSON Schema per message, and asyncapi.json."""
    try:
        written = write(to)
    except OSError as error:
        typer.echo(f"cannot write to {to}: {error.strerror}; choose another folder with --to", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{len(written)} files written to {to}")


@app.command()
def check(folder: Source = GENERATED) -> None:
    """Name the files that are not what the models say. Exits 1 when there are any."""
    names = stale(folder)
    for name in names:
        typer.echo(f"stale: {folder / name}", err=True)
    if names:
        command = "xerelay schema export" + ("" if folder == GENERATED else f" --to {folder}")
        typer.echo(f"mend them with: {command}", err=True)
        raise typer.Exit(1)
    typer.echo("the schema files are up to date")


@app.command()
def show(name: Annotated[str, typer.Argument(help="A message such as store.invoice.changed, or asyncapi.")]) -> None:
    """Print one document."""
    files = {file.removesuffix(".json"): text for file, text in documents().items()}
    if name not in files:
        typer.echo(f"no message is called {name!r}; there are: {', '.join(files)}", err=True)
        raise typer.Exit(2)
    typer.echo(files[name], nl=False)
