"""What the ledger's files share: upserts for both databases, keys as columns, long lists in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Table, TextClause, Tuple, bindparam, text
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
    return compiled_once(dialect, statement.on_conflict_do_update(index_elements=list(on), set_=changed))


def compiled_once(dialect: str, statement: Any) -> TextClause:
    """The same statement as text with typed parameters, one for each column of its table.

    SQLAlchemy compiles an INSERT with ON CONFLICT anew at each execution, which costs more than the execution.
    """
    spelling = sqlite.dialect if dialect == "sqlite" else postgresql.dialect
    compiled = statement.compile(dialect=spelling(paramstyle="named"))
    return text(str(compiled)).bindparams(*(_parameter(bind) for bind in compiled.binds.values()))


def _parameter(bind: BindParameter[Any]) -> BindParameter[Any]:
    if bind.required:
        return bindparam(bind.key, type_=bind.type)
    return bindparam(bind.key, bind.value, type_=bind.type)


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
