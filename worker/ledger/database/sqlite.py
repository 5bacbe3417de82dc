"""SQLite on the event loop's own thread: statements run where they are called, only what waits for the disk does not.

A statement of the ledger takes some ten microseconds, handing it to another thread and waking up again ten times as
long. A commit waits for the disk: it goes to a thread, and the loop goes on.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only

from worker.ledger.database.unopened import unopened

DRIVER = "sqlite+inline"
_OPENING_MS = 5_000
_PRIMARY = 0xFF
"""What of an extended result code is the plain one."""


class Inline(SQLiteDialect_pysqlite):
    """SQLAlchemy's own dialect, for its asynchronous engine."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """What stands for the driver's module."""
        return _Driver()

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:  # noqa: ARG003 - SQLAlchemy's protocol
        """A pool whose waiting does not block the loop."""
        return AsyncAdaptedQueuePool

    def get_driver_connection(self, connection: Any) -> Any:
        """The connection below."""
        return connection.driver_connection


class _Driver:
    """The module `sqlite3`, but for `connect`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    def connect(self, file: str, **named: Any) -> _Connection:
        try:
            return _opened(file, named)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_CANTOPEN:
                raise
            raise unopened(Path(file), str(error)) from error


def _opened(file: str, named: dict[str, Any]) -> _Connection:
    # the file is not made here: an upgrade does that, for this user alone
    uri = f"{Path(file).absolute().as_uri()}?mode=rw"
    # a commit runs in another thread, while nothing else uses the connection
    raw = sqlite3.connect(uri, **named | {"uri": True, "check_same_thread": False, "isolation_level": None})
    try:
        _prepare(raw)
    except sqlite3.Error:
        raw.close()
        raise
    return _Connection(raw)


def _prepare(raw: sqlite3.Connection) -> None:
    # the first look at the file waits for a process that mends the log of one that died, or ends it as the last
    raw.execute(f"PRAGMA busy_timeout={_OPENING_MS}")
    raw.execute("PRAGMA synchronous=FULL")
    # what a savepoint may have to take back: else a file is made for each call, and removed
    raw.execute("PRAGMA temp_store=MEMORY")
    raw.execute("PRAGMA busy_timeout=0")


class _Cursor(sqlite3.Cursor):
    """SQLAlchemy refuses a driver that never awaits; so this one awaits nothing."""

    def execute(self, *args: Any) -> _Cursor:
        await_only(_nothing())
        super().execute(*args)
        return self

    def executemany(self, *args: Any) -> _Cursor:
        await_only(_nothing())
        super().executemany(*args)
        return self

    async def _async_soft_close(self) -> None:
        """Nothing is left to close when a result's rows have been read."""


class _Connection(AdaptedConnection):
    """What SQLAlchemy needs of a connection. Transactions are begun by a statement, not by the driver."""

    __slots__ = ()

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._connection: Any = raw

    def cursor(self) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self._connection.cursor(_Cursor)
        return cursor

    def create_function(self, *args: Any, **named: Any) -> None:
        self._connection.create_function(*args, **named)

    def commit(self) -> None:
        if self._connection.in_transaction:
            await_only(in_a_thread(self._connection.commit))

    def rollback(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()


def register() -> None:
    """Make `sqlite+inline:` URLs known to SQLAlchemy."""
    registry.register("sqlite.inline", __name__, Inline.__name__)


async def _nothing() -> None:
    """Done at once."""


async def in_a_thread(wait: Callable[[], object]) -> None:
    """To the end, even when the caller is cancelled: the connection must not be used before."""
    done = asyncio.ensure_future(asyncio.to_thread(wait))
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait({done})
        raise
