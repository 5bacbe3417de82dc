"""What the ledger's files share: upserts for both databases, keys as columns, long lists in pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Boolean, ColumnElement, Dialect, Table, Text, TypeDecorator, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from worker.documents.documents import DocumentKey, EntityKey
from worker.ledger.database.driver import Rows, execute, execute_many
from worker.ledger.database.types import dump_plain

T = TypeVar("T")
KEY_COLUMNS = ("org", "source", "entity", "entity_id", "part")
LAST = "xerelay_last"
"""Where a connection keeps what is executed with the commit."""

Last = tuple[str, Any]
CHUNK = 1000
"""Members of a list, so that no statement holds the database for long."""

_TOGETHER = 25
"""Rows of one INSERT on SQLite, half a call's: from one statement to the next takes as long as to put a row in."""


def insert(dialect: str, table: Table) -> Any:
    """The database's own INSERT, which knows ON CONFLICT; both spell it alike."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the driver takes it: its text, how each value goes into it, and how each column comes out.

    SQLAlchemy looks at every parameter and result anew, and compiles an INSERT with ON CONFLICT at each execution; for
    the statements of a call that takes several times as long as the database.
    """

    sql: str
    names: Sequence[str]
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    """The values of `names`, in their order."""
    inward: Sequence[tuple[int, Callable[[Any], Any]]]
    """What turns the value at a place into the driver's, of those that are not the same for both."""
    outward: Sequence[tuple[int, Callable[[Any], Any]]]
    constants: Mapping[str, Any]
    by_position: bool
    together: str
    """Of an INSERT on SQLite that has a row's values alone, the same for so many rows at once; else empty."""

    async def run(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each row; nothing happens without any."""
        await self._run(connection, [self.parameters(row) for row in rows])

    async def run_rows(self, connection: AsyncConnection, rows: Sequence[Sequence[Any]]) -> None:
        """The same for whole rows as the driver takes them, their values in the order of `names`.

        For what each event writes: a dictionary of a row, and the way back out of it, take longer than the row.
        """
        if not self.by_position:
            await self._run(connection, [dict(zip(self.names, row, strict=True)) for row in rows])
            return
        whole = len(rows) // _TOGETHER * _TOGETHER if self.together else 0
        for begin in range(0, whole, _TOGETHER):
            await execute(connection, self.together, list(chain.from_iterable(rows[begin : begin + _TOGETHER])))
        await self._run(connection, rows[whole:])

    async def _run(self, connection: AsyncConnection, taken: Sequence[Any]) -> None:
        if len(taken) == 1:
            await execute(connection, self.sql, taken[0])
        elif taken:
            await execute_many(connection, self.sql, taken)

    async def fetch(self, connection: AsyncConnection, values: Mapping[str, Any]) -> Rows:
        """Execute it; what it returns, columns by position."""
        rows, _ = await execute(connection, self.sql, self.parameters(values))
        if not (rows and self.outward):
            return rows
        return [_with(row, self.outward) for row in rows]

    async def change(self, connection: AsyncConnection, values: Mapping[str, Any]) -> int:
        """Execute it; how many rows it changed."""
        _, changed = await execute(connection, self.sql, self.parameters(values))
        return changed

    async def run_last(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """The same, on PostgreSQL in the round trip of the commit: for rows that nothing reads before, and that fit."""
        last: list[Last] | None = connection.info.get(LAST)
        if last is None:
            await self.run(connection, rows)
        else:
            last.extend((self.sql, self.parameters(row)) for row in rows)

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """The driver's parameters; names that the statement does not know are left out."""
        if self.constants:
            values = {**self.constants, **values}
        picked = self.pick(values)
        taken = _with(picked, self.inward) if self.inward else picked
        return taken if self.by_position else dict(zip(self.names, taken, strict=True))


def _with(values: Iterable[Any], changes: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    changed = list(values)
    for place, do in changes:
        changed[place] = do(changed[place])
    return changed


def _picking(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)  # of one name the other would give the bare value


@cache
def prepared(dialect: str, statement: Any) -> Prepared:
    """`statement`, each of whose open parameters gets a value. Statements are known by identity: make them once."""
    spelling: Any = sqlite.dialect(paramstyle="qmark")
    if dialect != "sqlite":
        spelling = PGDialect_psycopg()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
    compiled = statement.compile(dialect=spelling)
    names = tuple(compiled.positiontup or compiled.binds)
    inward = ((place, compiled.binds[name].type.bind_processor(spelling)) for place, name in enumerate(names))
    returned = getattr(statement, "exported_columns", ())
    outward = ((place, column.type.result_processor(spelling, None)) for place, column in enumerate(returned))
    by_position = dialect == "sqlite"
    return Prepared(
        sql=str(compiled),
        names=names,
        pick=_picking(names),
        inward=tuple((place, do) for place, do in inward if do is not None),
        outward=tuple((place, do) for place, do in outward if do is not None),
        constants={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        by_position=by_position,
        together=_together(str(compiled), len(names)) if by_position and statement.is_insert else "",
    )


def _together(sql: str, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    one = f"VALUES {row}"
    return sql.replace(one, f"VALUES {', '.join([row] * _TOGETHER)}") if one in sql else ""


async def fetch(connection: AsyncConnection, statement: Any, values: Mapping[str, Any]) -> Rows:
    """The rows of one of a module's own statements, columns by position."""
    return await prepared(connection.dialect.name, statement).fetch(connection, values)


async def change(connection: AsyncConnection, statement: Any, values: Mapping[str, Any]) -> int:
    """Execute one of a module's own statements; how many rows it changed."""
    return await prepared(connection.dialect.name, statement).change(connection, values)


@cache
def upsert(dialect: str, table: Table, on: tuple[str, ...]) -> Prepared:
    """Insert, or overwrite all columns but those of `on`."""
    statement = insert(dialect, table)
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in on}
    return prepared(dialect, statement.on_conflict_do_update(index_elements=list(on), set_=changed))


@cache
def plain_insert(dialect: str, table: Table) -> Prepared:
    """Insert whole rows."""
    return prepared(dialect, insert(dialect, table))


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a text column is one of the list bound to `name`: one parameter, however long the list is.

    A parameter for each member has SQLAlchemy write and the database parse another statement for each length.
    """
    return _Among(column, bindparam(name, type_=_Texts()))


class _Texts(TypeDecorator[Sequence[str]]):
    """A list of texts in one parameter."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else postgresql.ARRAY(Text))

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        listed = list(value or ())
        return dump_plain(listed).decode() if dialect.name == "sqlite" else listed


class _Among(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - SQLAlchemy's protocol
        """A condition as it stands. SQLAlchemy would write `= 1` behind it, and SQLite then reads every row instead."""
        return self


@compiles(_Among, "sqlite")
def _among_on_sqlite(element: _Among, compiler: Any, **named: Any) -> str:
    column, listed = (compiler.process(one, **named) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - a column's name and a parameter's


@compiles(_Among, "postgresql")
def _among_on_postgresql(element: _Among, compiler: Any, **named: Any) -> str:
    column, listed = (compiler.process(one, **named) for one in element.clauses)
    return f"{column} = ANY({listed})"


def key_values(key: DocumentKey) -> dict[str, str]:
    """A document key as column values."""
    return dict(zip(KEY_COLUMNS, key, strict=True))


def of_entities(keys: Iterable[DocumentKey | EntityKey]) -> Iterator[dict[str, Any]]:
    """The parameters `of`, `store`, `sort` and `ids` of as many statements as it takes to name the keys' entities.

    Lists of one column are looked up fast: 500 whole keys in one list cost PostgreSQL 40 ms, entities of one kind 4 ms.
    """
    groups: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for key in keys:
        groups[key[:3]].add(key[3])
    for (org, source, entity), ids in groups.items():
        for piece in chunks(ids):
            yield {"of": org, "store": source, "sort": entity, "ids": piece}


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The same items, `size` at a time; nothing for nothing."""
    iterator = iter(items)
    while piece := tuple(islice(iterator, size)):
        yield piece
