"""What is said of an option's value that it cannot have."""

from __future__ import annotations

import typer
from pydantic import ValidationError

from worker.settings.problems import wrong

_IS_NOT = " is not one of "
_SHOWN = 60


def told(error: typer.BadParameter) -> str:
    """What was expected and what came: typer has pydantic read values, whose words are nobody's."""
    if not isinstance(error.__cause__, ValidationError):
        return error.message
    found = error.__cause__.errors(include_url=False)[0]
    text, came = wrong(found), repr(found["input"])
    _, is_choice, known = text.rstrip(".").rpartition(_IS_NOT)
    expected = f"expected one of {known}" if is_choice else text
    return f"{expected}, got {came if len(came) <= _SHOWN else f'{came[:_SHOWN]}…'}"
