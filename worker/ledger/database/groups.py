"""Several transactions of one process in one of SQLite's: a commit waits for the disk, and one wait serves them all.

Whoever queues for the writer while a transaction is open joins it, behind a savepoint of its own; then it is committed,
and only then do all of them return. What fails takes back its own statements and no others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.same_file import SameFile
from worker.ledger.database.sqlite import in_a_thread
from worker.ledger.database.turns import Turn, Turns

_GIVE_UP_S = 10.0
OWN = "xerelay_own"
"""The execution option of a connection whose transactions are begun and ended by us, and not by SQLAlchemy."""

Begin = Callable[[Any], Awaitable[None]]


class _Group:
    """One open transaction, and this process's turn. `committed` is done when it is on the disk, or failed for all."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self.committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(self, error: Exception | None = None) -> None:
        """Tell its members how it ended; the next process may begin."""
        self._turn.over()
        if error is None:
            self.committed.set_result(None)
        else:
            self.committed.set_exception(error)
            self.committed.exception()  # a member that was cancelled does not ask for it


class Groups:
    """The writing transactions of one engine, on one connection; `begin` begins one when it is this process's turn.

    The connection stays open: one from SQLAlchemy's pool, with its transaction, takes longer than the statements.
    """

    def __init__(self, engine: AsyncEngine, begin: Begin, turns: Turns, file: SameFile) -> None:
        self._engine = engine
        self._begin = begin
        self._turns = turns
        self._file = file
        self._writer = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._driver: Any = None
        self._open: _Group | None = None
        self._committing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Statements that are committed together with those of others, or not at all."""
        async with self._writer:
            self._file.insist()
            connection = self._connection or await self._connect()
            group = self._open or await self._start()
            self._driver.execute("SAVEPOINT one")
            try:
                yield connection
                self._driver.execute("RELEASE one")
            except BaseException:
                self._take_back(group)
                raise
        await asyncio.shield(group.committed)

    async def close(self) -> None:
        """Give the connection up when what was begun is committed, also for members that failed and did not wait."""
        if self._committing:
            await asyncio.wait(self._committing)
        await self._disconnect()

    async def _connect(self) -> AsyncConnection:
        connection = await self._engine.connect()
        await connection.execution_options(**{OWN: True})
        await connection.begin()
        self._driver = (await connection.get_raw_connection()).driver_connection
        self._connection = connection
        return connection

    async def _disconnect(self) -> None:
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                await connection.invalidate()
                await connection.close()

    async def _start(self) -> _Group:
        turn = await self._turns.take(_GIVE_UP_S)
        try:
            await self._begin(self._driver)
        except BaseException:
            turn.over()
            raise
        self._open = group = _Group(turn)
        # the lock is fair: this comes behind those who wait already, and before those who come later
        task = asyncio.create_task(self._commit(group))
        self._committing.add(task)
        task.add_done_callback(self._committing.discard)
        return group

    def _take_back(self, group: _Group) -> None:
        if self._driver.in_transaction:
            self._driver.execute("ROLLBACK TO one")
            self._driver.execute("RELEASE one")
            return
        # a full disk, say: SQLite has taken back all of it (https://www.sqlite.org/lang_transaction.html)
        self._open = None
        group.end(LedgerUnavailable("the ledger's database took a transaction back that others shared"))

    async def _commit(self, group: _Group) -> None:
        async with self._writer:
            if group.committed.done():
                return
            self._open = None
            try:
                # not the driver's own commit, which is content when there is no transaction any more
                await in_a_thread(partial(self._driver.execute, "COMMIT"))
            except Exception as error:  # noqa: BLE001 - each of its members raises it
                await self._disconnect()  # what state it is in nobody knows
                group.end(error)
            else:
                group.end(self._file.fault())  # it counts if whoever starts next finds it
