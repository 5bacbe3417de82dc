"""Which schema a database has, and which one this version needs.

Told without alembic, which every start of a process would else wait for.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.errors import LedgerBehind

MIGRATIONS = Path(__file__).parent / "migrations"
_NAMED = re.compile(r"v([0-9]{4})_")
_TABLE = "alembic_version"


@cache
def revisions() -> tuple[str, ...]:
    """Those that this version has a migration to, oldest first. A migration's file begins with its revision."""
    names = (path.name for path in (MIGRATIONS / "versions").iterdir())
    return tuple(sorted({named[1] for name in names if (named := _NAMED.match(name))}))


async def check_schema(connection: AsyncConnection) -> None:
    """Raises `LedgerBehind` unless the schema is the one of this version."""
    if await connection.run_sync(is_current):
        return
    current = await connection.run_sync(_revision)
    have = f"at revision {current}" if current else "not there"
    cure = "run `xerelay db upgrade`, or start a worker"
    raise LedgerBehind(f"the ledger's schema is {have}, this version needs {revisions()[-1]}", cure)


def is_current(connection: Connection) -> bool:
    """Whether the schema is the one of this version. Raises `LedgerBehind` where it is newer."""
    current, head = _revision(connection), revisions()[-1]
    if current is not None and current not in revisions():
        newer = f"the ledger's schema is at {current}, newer than this version's {head}"
        raise LedgerBehind(newer, "run the newer xerelay")
    return current == head


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_TABLE):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar()  # noqa: S608 - a constant
    return revision
