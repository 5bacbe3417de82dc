"""The journals that docs/accounting.md promises, by case."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).parents[2] / "docs" / "accounting.md"


class Entry(NamedTuple):
    """One document in Xero and what it books."""

    document: str
    debit: str
    credit: str


def documented() -> dict[str, list[Entry]]:
    """The document's tables of journals. A row without a title goes on with the case above it."""
    found: dict[str, list[Entry]] = {}
    title = ""
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Journals")[2].partition("\n## ")[0]
    for row in (line for line in text.splitlines() if line.startswith("|")):
        name, *entry = (cell.strip() for cell in row.strip("|").split("|"))
        if name == "Case" or set(name) == {"-"}:
            continue
        title = name or title
        found.setdefault(title, []).append(Entry(*entry))
    return found
