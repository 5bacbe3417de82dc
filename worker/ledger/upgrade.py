"""Bring a database to this version's schema, and tell whether it is there."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.engine import begin, make_engine, unavailable
from worker.ledger.errors import LedgerBehind, LedgerUnavailable
from worker.ledger.unopened import unopened

_MIGRATIONS = Path(__file__).parent / "migrations"
# any number, as long as it is the same in every version
_ADVISORY_LOCK = 7_239_014_551
_WAL_ATTEMPTS = 500
_WAL_PAUSE_S = 0.01


async def upgrade(url: str) -> None:
    """Create or upgrade the schema; nothing happens where it is current. Several workers may do so at once.

    A SQLite file is created with mode 0600, in WAL mode. Raises `LedgerBehind` where the schema is newer than this
    version, `LedgerUnavailable` where the database cannot be reached.
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


async def check_schema(connection: AsyncConnection) -> None:
    """Raises `LedgerBehind` unless the schema is the one of this version."""
    current = await connection.run_sync(_revision)
    expected = _scripts().get_current_head()
    if current == expected:
        return
    _refuse_newer(current)
    have = f"at revision {current}" if current else "not there"
    cure = "run `xerelay db upgrade`, or start a worker"
    raise LedgerBehind(f"the ledger's schema is {have}, this version needs {expected}", cure)


def _migrate(connection: Connection) -> None:
    _refuse_newer(_revision(connection))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_newer(current: str | None) -> None:
    scripts = _scripts()
    if current is None or current in {script.revision for script in scripts.walk_revisions()}:
        return
    head = scripts.get_current_head()
    raise LedgerBehind(
        f"the ledger's schema is at {current}, newer than this version's {head}", "run the newer xerelay"
    )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


async def _lock(connection: AsyncConnection) -> None:
    """SQLite's BEGIN IMMEDIATE already is the lock."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def _create_file(path: Path) -> None:
    """Create the file before SQLite does: it holds personal data and must not be readable by others."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
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
    except sqlite3.OperationalError:
        return False
    return True
