"""What the ledger's files share: upserts for both databases, keys as columns, long lists in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, Tuple, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from worker.documents import DocumentKey

T = TypeVar("T")
KEY_COLUMNS = ("org", "source", "entity", "entity_id", "part")
# times the columns of a key, well below SQLite's 32,766 parameters a statement
CHUNK = 1000


def insert(dialect: str, table: Table) -> Any:
    """The database's own INSERT, which knows ON CONFLICT; both spell it alike."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache
def upsert(dialect: str, table: Table, on: tuple[str, ...], keep: tuple[str, ...] = ()) -> Any:
    """Insert, or overwrite all columns but those of `on` and `keep`."""
    statement = insert(dialect, table)
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in on and column.name not in keep
    }
    return statement.on_conflict_do_update(index_elements=list(on), set_=changed)


def among(column: Tuple | ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """`column IN :name`, for a list of any length up to `CHUNK`; the statement is compiled once."""
    return column.in_(bindparam(name, expanding=True))


def key_values(key: DocumentKey) -> dict[str, str]:
    """A document key as column values."""
    return dict(zip(KEY_COLUMNS, key, strict=True))


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The same items, `size` at a time; nothing for nothing."""
    iterator = iter(items)
    while piece := tuple(islice(iterator, size)):
        yield piece
