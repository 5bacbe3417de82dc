"""Which schema a database has, and which one this version needs.

Told without alembic, which every start of a process would else wait for.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.errors import LedgerBehind
from worker.ledger.database.store_tables import metadata

MIGRATIONS = Path(__file__).parent / "migrations"
_NAMED = re.compile(r"v([0-9]{4})_")
_MAKES = re.compile(r'op\.create_table\(\s*"(\w+)"')
_TABLE = "alembic_version"
_COLUMN = "version_num VARCHAR(32) NOT NULL PRIMARY KEY"


@cache
def revisions() -> tuple[str, ...]:
    """Those that this version has a migration to, oldest first. A migration's file begins with its revision."""
    return tuple(sorted(_files()))


def tables_after(revision: str) -> set[str]:
    """Those that the migrations to later revisions make, as these say themselves."""
    later = (path.read_text(encoding="utf-8") for name, path in _files().items() if name > revision)
    return {table for text in later for table in _MAKES.findall(text)}


def _files() -> dict[str, Path]:
    """The migrations, by the revision that each one is to."""
    paths = (MIGRATIONS / "versions").iterdir()
    return {named[1]: path for path in paths if (named := _NAMED.match(path.name))}


async def check_schema(connection: AsyncConnection) -> None:
    """Raises `LedgerBehind` unless the schema is the one of this version."""
    if await connection.run_sync(is_current):
        return
    current = await connection.run_sync(_revision)
    have = f"at revision {current}" if current else "not there"
    cure = "run `xerelay db upgrade`, or start a worker"
    raise LedgerBehind(f"the ledger's schema is {have}, this version needs {revisions()[-1]}", cure)


def is_current(connection: Connection) -> bool:
    """Whether the schema is the one of this version.

    Raises `LedgerBehind` where it is newer, a mixture of two, or nobody knows which.
    """
    current, head = _revision(connection), revisions()[-1]
    if current is None:
        _refuse_tables(connection, head)
    if current is not None and current not in revisions():
        newer = f"the ledger's schema is at {current}, newer than this version's {head}"
        raise LedgerBehind(newer, "run the newer xerelay")
    if current is not None and current != head:
        _refuse_later_tables(connection, current)
    return current == head


def _refuse_tables(connection: Connection, head: str) -> None:
    """Where nothing says which migrations were made, none may be: the first would meet these tables."""
    found = inspect(connection)
    there = sorted(metadata.tables.keys() & set(found.get_table_names()))
    if not there:
        return
    has_table = found.has_table(_TABLE)
    lost, made = ("has no row", "") if has_table else ("is not there", f"CREATE TABLE {_TABLE} ({_COLUMN}); ")
    said = f"ledger.url: the database has {', '.join(there[:3])} and more, but {_TABLE}, their version, {lost}"
    back = f"{made}INSERT INTO {_TABLE} VALUES ('{head}')"  # noqa: S608 - only told, and of constants
    cure = (
        "restore a whole backup, or name an empty database; where that alone was lost, and this very version wrote the "
        f"rest, put it back: {back}"
    )
    raise LedgerBehind(said, cure)


def _refuse_later_tables(connection: Connection, current: str) -> None:
    """As a backup leaves them that was put over a newer ledger: it drops only what it knows itself."""
    there = sorted(tables_after(current) & set(inspect(connection).get_table_names()))
    if not there:
        return
    said = f"ledger.url: the database is at revision {current}, and has tables of later ones: {', '.join(there)}"
    rest = "; ".join(f"DROP TABLE {table}" for table in there)
    cure = (
        f"a backup was put over a newer ledger; put it into an empty database, or drop what is left of that one: {rest}"
    )
    raise LedgerBehind(said, cure)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_TABLE):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar()  # noqa: S608 - a constant
    return revision
