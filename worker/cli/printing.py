"""What commands print tables and paragraphs with."""

from __future__ import annotations

from rich.console import Console

_WHOLE = 1_000_000
"""Characters: as good as no end of a line."""


def on_stdout() -> Console:
    """As wide as the terminal is; in a file or a pipe no line is broken, for it spoils what is searched for."""
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WHOLE
    return console
