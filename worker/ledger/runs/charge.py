"""Which agent serves a store: a lease, and the fence that every checkpoint has to pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from producers.checkpoints import CheckpointsAway, NotInCharge
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LeaseLost, LedgerUnavailable
from worker.ledger.organisations.leases import Leases, fenced
from worker.ledger.records import Lease


class Charge:
    """One agent's charge of one store."""

    def __init__(self, database: Database, *, store: str, holder: str) -> None:
        self._database = database
        self._leases = Leases(database)
        self._name = f"store:{store}"
        self._holder = holder
        self._lease: Lease | None = None

    async def take(self, ttl_s: float) -> bool:
        """Whether it is ours, for so long."""
        with told():
            if self._lease is not None:
                try:
                    self._lease = await self._leases.renew(self._lease, ttl_s)
                except LeaseLost:
                    self._lease = None
            if self._lease is None:
                self._lease = await self._leases.acquire(self._name, self._holder, ttl_s)
        return self._lease is not None

    async def hand_over(self) -> None:
        """It is nobody's."""
        lease, self._lease = self._lease, None
        if lease is not None:
            with told():
                await self._leases.release(lease)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[tuple[AsyncConnection, datetime]]:
        """A transaction that only commits while the store is ours, and its time. Raises `NotInCharge`."""
        with told():
            if self._lease is None:
                raise NotInCharge(f"{self._holder} does not hold {self._name}")
            async with self._database.transaction() as connection:
                yield connection, await fenced(self._database, connection, self._lease)


@contextmanager
def told() -> Iterator[None]:
    """The ledger's errors as the producers know them."""
    try:
        yield
    except LedgerUnavailable as error:
        raise CheckpointsAway(str(error)) from error
    except LeaseLost as error:
        raise NotInCharge(str(error)) from error
