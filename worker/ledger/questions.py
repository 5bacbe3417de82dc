"""Questions that go to the database's driver itself, several in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.asyncio import AsyncConnection

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A SELECT as the driver takes it. Its answers are columns as they are stored."""

    sql: str
    names: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    fixed: Mapping[str, Any]
    by_position: bool

    def parameters(self, given: Mapping[str, Any]) -> Any:
        """The driver's parameters; names that the question does not know are left out."""
        values = {**self.fixed, **given}
        pairs = [(name, values[name] if do is None else do(values[name])) for name, do in self.names]
        return tuple(value for _, value in pairs) if self.by_position else dict(pairs)


def question(dialect: str, statement: Any) -> Question:
    """`statement` compiled. Keep it: this is slow."""
    spelling: Any = sqlite.dialect(paramstyle="qmark")
    if dialect != "sqlite":
        spelling = PGDialect_psycopg()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
    compiled = statement.compile(dialect=spelling)
    order = compiled.positiontup or list(compiled.binds)
    names = tuple((name, compiled.binds[name].type.bind_processor(spelling)) for name in order)
    fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return Question(str(compiled), names, fixed, by_position=dialect == "sqlite")


async def ask(connection: AsyncConnection, *questions: Question, given: Mapping[str, Any]) -> list[Row | None]:
    """The first row of each. They are answered one after the other: what one waited for, the next one sees."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if questions[0].by_position:
        return [driver.execute(one.sql, one.parameters(given)).fetchone() for one in questions]
    if len(questions) == 1:
        (only,) = questions
        return [await (await driver.execute(only.sql, only.parameters(given))).fetchone()]
    async with driver.pipeline():
        cursors = [await driver.execute(one.sql, one.parameters(given)) for one in questions]
    return [await cursor.fetchone() for cursor in cursors]
