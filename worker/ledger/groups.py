"""Several transactions of one process in one of SQLite's: a commit waits for the disk, and one wait serves them all.

Whoever queues for the writer while a transaction is open joins it, behind a savepoint of its own; then it is committed,
and only then do all of them return. What fails takes back its own statements and no others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from worker.ledger.turns import Turns

_GIVE_UP_S = 10.0
Begin = Callable[[AsyncConnection], Awaitable[None]]


class _Group:
    """One open transaction. `committed` is done when it is on the disk, or has failed for all; `begun` ends it."""

    def __init__(self, connection: AsyncConnection, driver: Any, begun: AsyncExitStack) -> None:
        self.connection = connection
        self.driver = driver
        self.begun = begun
        self.committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Groups:
    """The writing transactions of one engine; `begin` begins one on a connection, when it is this process's turn."""

    def __init__(self, engine: AsyncEngine, begin: Begin, turns: Turns) -> None:
        self._engine = engine
        self._begin = begin
        self._turns = turns
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

    async def settled(self) -> None:
        """What was begun is committed, also for members that failed and did not wait for it."""
        if self._committing:
            await asyncio.wait(self._committing)

    async def _start(self) -> _Group:
        async with AsyncExitStack() as begun:
            connection = await begun.enter_async_context(self._engine.connect())
            driver = (await connection.get_raw_connection()).driver_connection
            turn = await self._turns.take(_GIVE_UP_S)
            begun.callback(turn.over)
            await self._begin(connection)
            self._open = group = _Group(connection, driver, begun.pop_all())
        # the lock is fair: this comes behind those who wait already, and before those who come later
        task = asyncio.create_task(self._commit(group))
        self._committing.add(task)
        task.add_done_callback(self._committing.discard)
        return group

    async def _commit(self, group: _Group) -> None:
        async with self._writer, group.begun:
            self._open = None
            try:
                await group.connection.commit()
            except Exception as error:  # noqa: BLE001 - each of its members raises it
                await group.connection.invalidate()  # what state it is in nobody knows
                group.committed.set_exception(error)
                group.committed.exception()  # a member that was cancelled does not ask for it
            else:
                group.committed.set_result(None)
