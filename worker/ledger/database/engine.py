"""Connections and transactions, on SQLite and PostgreSQL alike.

SQLite has one writer: transactions begin with BEGIN IMMEDIATE, go in groups inside the process, and take turns with
those of other processes. Against other programs they retry with jitter: SQLite's own busy handler backs off so far that
some starve for seconds.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import BigInteger, ColumnElement, cast, event, exc, extract, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from worker.clock import Clock, SystemClock
from worker.ledger.database import sqlite
from worker.ledger.database.driver import guarded, lose_unfinished, raw_of
from worker.ledger.database.errors import LedgerError, LedgerSetBack
from worker.ledger.database.groups import OWN, Groups
from worker.ledger.database.lost_commits import MARK, LostCommits
from worker.ledger.database.postgresql import ANSWERS_WITHIN_S, Connection, connect_arguments
from worker.ledger.database.readers import Readers
from worker.ledger.database.same_file import SameFile
from worker.ledger.database.statements import LAST, Last
from worker.ledger.database.turns import Turns
from worker.ledger.database.types import Instant
from worker.ledger.database.unavailable import is_read_only, unavailable

_BUSY_PAUSE_S = (0.0002, 0.002)
_BUSY_GIVE_UP_S = 10.0
_CLOCK = func.clock_timestamp()
DATABASE_NOW: ColumnElement[datetime] = cast(extract("epoch", _CLOCK) * 1_000_000, BigInteger).cast(Instant)


class Database:
    """One pool of connections, and whose clock counts: the injected one, else the database's, else the machine's."""

    def __init__(
        self, url: str, *, clock: Clock | None = None, answers_within_s: float | None = ANSWERS_WITHIN_S
    ) -> None:
        self.engine = make_engine(url, answers_within_s=answers_within_s)
        self.dialect = self.engine.dialect.name
        self.clock = clock if clock is not None or self.dialect == "postgresql" else SystemClock()
        self._file: SameFile | None = None
        self._groups: Groups | None = None
        self._readers: Readers | None = None
        self._set_back: LedgerSetBack | None = None
        if self.dialect == "sqlite":
            path = Path(self.engine.url.database or "").absolute()
            self._file = SameFile(path)
            self._groups = Groups(self.engine, _begin_writing, Turns(path), self._file)
            self._readers = Readers(self.engine)
        self._lost_commits = LostCommits()
        self._opened: WeakSet[Connection] = WeakSet()
        if self.dialect == "postgresql":
            event.listen(self.engine.sync_engine, "connect", lambda raw, _: self._opened.add(raw.driver_connection))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One write transaction, committed at the end. Raises `LedgerUnavailable` when the database is gone.

        A transaction that ends with `LedgerSetBack` is the last one: whatever is asked later is told the same.
        """
        with unavailable(), self._standing_still():
            if self._groups is not None:
                async with self._groups.transaction() as connection:
                    yield connection
                return
            async with self.engine.connect() as connection:
                await begin(connection)
                await self._lost_commits.insist_on_none(connection)
                # a connection that is lost on the way cannot be asked for it any more
                info = connection.info
                last = info[LAST] = []
                try:
                    yield connection
                    await _commit(connection, last)
                    self._lost_commits.remember(info.get(MARK))
                except exc.InternalError as error:
                    if is_read_only(error.orig):
                        # another connection may come to a server that takes writes
                        await connection.invalidate()
                    raise
                finally:
                    info.pop(LAST, None)
                    info.pop(MARK, None)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One read-only transaction: one state of the database. Raises `LedgerUnavailable`."""
        with unavailable(), self._standing_still():
            if self._file is not None and self._readers is not None:
                self._file.insist()
                async with self._readers.transaction() as connection:
                    yield connection
                return
            async with self.engine.connect() as connection:
                await begin(connection)
                yield connection

    @contextmanager
    def _standing_still(self) -> Iterator[None]:
        """Ending the process would not do: what watches it starts another, which remembers nothing and goes on."""
        if self._set_back is not None:
            raise LedgerSetBack(self._set_back.said, self._set_back.cure)
        try:
            yield
        except LedgerSetBack as error:
            self._set_back = error
            raise

    async def now(self, connection: AsyncConnection) -> datetime:
        """The ledger's time of day."""
        if self.clock is not None:
            return self.clock.now()
        found: datetime = (await connection.execute(select(DATABASE_NOW))).scalar_one()
        return found

    async def close(self) -> None:
        """Give up all connections: whoever still waits for an answer gets `LedgerUnavailable`."""
        if self._groups is not None:
            await self._groups.close()
        if self._readers is not None:
            await self._readers.close()
        await self.engine.dispose()
        for connection in self._opened:
            connection.hang_up()


def make_engine(url: str, *, answers_within_s: float | None) -> AsyncEngine:
    """An engine for a `sqlite+inline` or `postgresql+psycopg` URL. Raises `LedgerError` for any other.

    A PostgreSQL that gives no answer for `answers_within_s` is one that went away; None waits for ever.
    """
    parsed = make_url(url)
    driver = parsed.drivername
    if driver not in (sqlite.DRIVER, "postgresql+psycopg"):
        expected = f"{sqlite.DRIVER}:///FILE or postgresql+psycopg://USER@HOST/DATABASE"
        raise LedgerError(f"ledger.url: expected {expected}, got {driver}://…")
    dialect = driver.partition("+")[0]
    sqlite.register()
    # 0: no waiting inside SQLite
    arguments = {"timeout": 0} if dialect == "sqlite" else connect_arguments(parsed, answers_within_s=answers_within_s)
    engine = create_async_engine(parsed, hide_parameters=True, pool_size=5, max_overflow=10, connect_args=arguments)
    if dialect == "sqlite":
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    else:
        event.listen(engine.sync_engine, "handle_error", lose_unfinished)
    return engine


async def begin(connection: AsyncConnection) -> None:
    """Begin a transaction, waiting up to 10 s for another program's on SQLite. Raises SQLAlchemy's errors."""
    give_up = _give_up()
    while True:
        try:
            await connection.begin()
        except exc.OperationalError as error:
            if not _is_busy(error.orig, give_up):
                raise
            await connection.rollback()
            await _pause()
        else:
            return


async def _begin_writing(driver: sqlite3.Connection) -> None:
    """The same on SQLite's own connection. Raises its errors."""
    give_up = _give_up()
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not _is_busy(error, give_up):
                raise
            await _pause()
        else:
            return


def _give_up() -> float:
    return asyncio.get_running_loop().time() + _BUSY_GIVE_UP_S


def _is_busy(error: BaseException | None, give_up: float) -> bool:
    return "database is locked" in str(error) and asyncio.get_running_loop().time() <= give_up


async def _pause() -> None:
    await asyncio.sleep(random.uniform(*_BUSY_PAUSE_S))  # noqa: S311 -- jitter, no secret


async def _commit(connection: AsyncConnection, last: Sequence[Last]) -> None:
    """The statements that came last go with it: what they lock, others wait for no longer than they must."""
    if last:
        await guarded(connection, "COMMIT", _end(raw_of(connection), last))
    await connection.commit()


async def _end(driver: Any, last: Sequence[Last]) -> None:
    async with driver.pipeline():
        for statement, values in last:
            await driver.execute(statement, values)
        await driver.execute("COMMIT")


def _begin_sqlite(connection: Any) -> None:
    if not connection.get_execution_options().get(OWN, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
