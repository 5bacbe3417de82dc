"""How a question to Xero names documents, and how many of them at a time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import quote

from worker.xero.lists import PAGE_SIZE

_MOST = 25
MAX_QUERY_CHARS = 1_800
"""What is asked for, percent-encoded: keeps the query below the 2,048 characters that common web servers take."""

T = TypeVar("T")

UNITS = {"unitdp": "4"}
PAGE = {"page": "1", "pageSize": str(PAGE_SIZE)}
"""So few numbers per request never fill a page, and invoices carry their lines only on pages."""


def chunks(wanted: Sequence[T], text: Callable[[T], str]) -> Iterator[tuple[T, ...]]:
    """As many at a time as one query takes, of which `text` says what each adds to it."""
    chunk: list[T] = []
    size = 0
    for one in wanted:
        chars = chars_of(text(one))
        if chunk and (len(chunk) >= _MOST or size + chars > MAX_QUERY_CHARS):
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(one)
        size += chars
    if chunk:
        yield tuple(chunk)


def chars_of(term: str) -> int:
    """How long a term makes a query."""
    return len(quote(f"{term} OR ", safe=""))


def any_of(wanted: Sequence[T], term: Callable[[T], str]) -> str:
    """A filter that takes what one of these terms fits, each named once."""
    return " OR ".join(dict.fromkeys(term(one) for one in wanted))


def note_of(xero_id: str) -> str:
    """Xero has no list of credit notes by their ids: the same by a filter."""
    return f'CreditNoteID==guid("{xero_id}")'


def quoted(text: str) -> str:
    """Text as a filter has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
