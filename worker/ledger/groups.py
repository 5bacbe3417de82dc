"""Several transactions of one process in one of SQLite's: a commit waits for the disk, and one wait serves them all.

Whoever queues for the writer while a transaction is open joins it, behind a savepoint of its own; then it is committed,
and only then do all of them return. What fails takes back its own statements and no others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Begin = Callable[[AsyncConnection], Awaitable[None]]


class _Group:
    """One open transaction. `committed` is done when it is on the disk, or has failed for all."""

    def __init__(self, connection: AsyncConnection, driver: Any) -> None:
        self.connection = connection
        self.driver = driver
        self.committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Groups:
    """The writing transactions of one engine; `begin` begins one on a connection."""

    def __init__(self, engine: AsyncEngine, begin: Begin) -> None:
        self._engine = engine
        self._begin = begin
        self._writer = asyncio.Lock()
        self._open: _Group | None = None
        self._committing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Statements that are committed together with those of others, or not at all."""
        async with self._writer:
            group = self._open or await self._start()
            group.driver.execute("SAVEPOINT one")
            try:
                yield group.connection
            except BaseException:
                group.driver.execute("ROLLBACK TO one")
                raise
            finally:
                group.driver.execute("RELEASE one")
        await asyncio.shield(group.committed)

    async def _start(self) -> _Group:
        connection = await self._engine.connect()
        try:
            await self._begin(connection)
            driver = (await connection.get_raw_connection()).driver_connection
        except BaseException:
            await connection.close()
            raise
        self._open = group = _Group(connection, driver)
        # the lock is fair: this comes behind those who wait already, and before those who come later
        task = asyncio.create_task(self._commit(group))
        self._committing.add(task)
        task.add_done_callback(self._committing.discard)
        return group

    async def _commit(self, group: _Group) -> None:
        async with self._writer:
            self._open = None
            try:
                await group.connection.commit()
            except Exception as error:  # noqa: BLE001 - each of its members raises it
                await group.connection.invalidate()  # what state it is in nobody knows
                group.committed.set_exception(error)
                group.committed.exception()  # a member that was cancelled does not ask for it
            else:
                group.committed.set_result(None)
            finally:
                await group.connection.close()
