"""Bring a database to this version's schema."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.engine import begin, make_engine
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.revisions import is_current
from worker.ledger.database.turn_file import turn_file
from worker.ledger.database.unavailable import unavailable
from worker.ledger.database.unopened import unopened

# any number, as long as it is the same in every version
_ADVISORY_LOCK = 7_239_014_551
_WAL_ATTEMPTS = 500
_WAL_PAUSE_S = 0.01
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_PRIMARY = 0xFF
"""The part of SQLite's code that says what went wrong, without where: https://www.sqlite.org/rescode.html"""


async def upgrade(url: str) -> None:
    """Create or upgrade the schema; nothing happens where it is current. Several workers may do so at once.

    A SQLite file is created with mode 0600, in WAL mode. Raises `LedgerBehind` where the schema is newer than this
    version, `LedgerUnavailable` where the database cannot be reached, or was a file that is gone.
    """
    engine = make_engine(url, answers_within_s=None)  # a migration may take as long as the ledger is large
    try:
        with unavailable():
            if engine.url.database and engine.dialect.name == "sqlite":
                await asyncio.to_thread(_create_file, Path(engine.url.database))
            async with engine.connect() as connection:
                await begin(connection)
                await _lock(connection)
                await connection.run_sync(_migrate)
                await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection) -> None:
    if is_current(connection):
        return
    # alembic takes a tenth of a process's start, and is needed once in a version
    from worker.ledger.database.migrating import migrate  # noqa: PLC0415

    migrate(connection)


async def _lock(connection: AsyncConnection) -> None:
    """SQLite's BEGIN IMMEDIATE already is the lock."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def _create_file(path: Path) -> None:
    """Create the file before SQLite does: it holds personal data and must not be readable by others."""
    try:
        # looked for first: beside several first starts it comes after the file, and the file cannot be gone again
        make = 0 if turn_file(path).exists() else os.O_CREAT
        os.close(os.open(path, os.O_RDWR | make, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise unopened(path.absolute(), error.strerror or "", making=True) from error
    for _ in range(_WAL_ATTEMPTS):
        if _switched_to_wal(path):
            return
        time.sleep(_WAL_PAUSE_S)
    raise LedgerUnavailable(f"ledger.url: {path} is locked by another program")


def _switched_to_wal(path: Path) -> bool:
    """Once per file, it stays so. Needs the file for itself for a moment, and SQLite does not wait for that."""
    try:
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & _PRIMARY not in _LOCKED:
            raise
        return False
    return True
