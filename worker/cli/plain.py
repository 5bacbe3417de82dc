"""Values of the views as JSON has them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import typer

from worker.cli.letters import has_all


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """One document; on one line without `indent`."""
    typer.echo(as_json(plain(value), indent=indent))


async def print_each(values: AsyncIterator[Any]) -> None:
    """One document, a list of values as JSON has them: a line for each, which is all of it that is in memory."""
    before = "["
    async for value in values:
        typer.echo(f"{before}\n{as_json(value)}", nl=False)
        before = ","
    typer.echo("[]" if before == "[" else "\n]")


def as_json(value: Any, *, indent: int | None = None) -> str:
    """A document as whoever reads it expects it, in UTF-8: where stdout has another encoding, in ASCII alone."""
    return json.dumps(value, indent=indent, ensure_ascii=not has_all())


def plain(value: Any) -> Any:
    """Dataclasses and named tuples by their fields, times in ISO 8601, other words as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    return [plain(one) for one in value] if isinstance(value, tuple | list) else value
