"""The ledger's front: one attribute per concern."""

from __future__ import annotations

from datetime import datetime

from worker.clock import Clock
from worker.ledger.admin_actions import AdminActions
from worker.ledger.calls.budget import Budget
from worker.ledger.calls.calls import Calls
from worker.ledger.calls.readings import Readings
from worker.ledger.database.engine import Database
from worker.ledger.database.postgresql import ANSWERS_WITHIN_S
from worker.ledger.database.revisions import check_schema
from worker.ledger.database.statistics import refresh_statistics
from worker.ledger.documents import Documents
from worker.ledger.held.held import HeldEvents
from worker.ledger.held.overview import Overview
from worker.ledger.held.parked import Parked
from worker.ledger.history import Histories
from worker.ledger.notices import Notices
from worker.ledger.organisations.leases import Leases
from worker.ledger.organisations.overlays import Overlays
from worker.ledger.organisations.pauses import Pauses
from worker.ledger.organisations.tenants import Tenants
from worker.ledger.organisations.tokens import Tokens
from worker.ledger.personal import Personal
from worker.ledger.runs.charge import Charge
from worker.ledger.runs.checkpoints import StoreCheckpoints
from worker.ledger.runs.run_reports import RunReports
from worker.ledger.runs.runs import StoreRuns


class Ledger:
    """Open it with `Ledger.open`. Every method can raise `LedgerUnavailable` and can then be repeated."""

    def __init__(self, database: Database, *, encryption_key: str | None) -> None:
        self._database = database
        self.leases = Leases(database)
        self.documents = Documents(database)
        self.calls = Calls(database)
        self.readings = Readings(database)
        self.held = HeldEvents(database)
        self.pauses = Pauses(database)
        self.tokens = Tokens(database, encryption_key)
        self.budget = Budget(database)
        self.runs = RunReports(database)
        self.parked = Parked(database)
        self.overview = Overview(database)
        self.histories = Histories(database)
        self.personal = Personal(database)
        self.admin_actions = AdminActions(database)
        self.overlays = Overlays(database)
        self.notices = Notices(database)
        self.tenants = Tenants(database)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        clock: Clock | None = None,
        encryption_key: str | None = None,
        answers_within_s: float | None = ANSWERS_WITHIN_S,
    ) -> Ledger:
        """Connect to an upgraded database. `clock` overrides the database's own (PostgreSQL) or the machine's (SQLite).

        PostgreSQL is away when it gives no answer for `answers_within_s`; None waits for ever.
        The key is only looked at when tokens are. Raises `LedgerBehind` before `upgrade` has run, or when the schema is
        newer than this version; `LedgerUnavailable`.
        """
        database = Database(url, clock=clock, answers_within_s=answers_within_s)
        try:
            async with database.reading() as connection:
                await check_schema(connection)
        except BaseException:
            await database.close()
            raise
        return cls(database, encryption_key=encryption_key)

    def store(self, name: str, *, holder: str) -> tuple[StoreCheckpoints, StoreRuns]:
        """What the agent `holder` of a store has to remember."""
        charge = Charge(self._database, store=name, holder=holder)
        return StoreCheckpoints(self._database, charge, store=name), StoreRuns(self._database, charge, store=name)

    async def close(self) -> None:
        """Give up all connections."""
        await self._database.close()

    async def refresh_statistics(self) -> None:
        """To be asked fast, after much of it was written at once."""
        await refresh_statistics(self._database)

    async def now(self) -> datetime:
        """The ledger's time of day, the one all its records carry."""
        if self._database.clock is not None:
            return self._database.clock.now()
        async with self._database.reading() as connection:
            return await self._database.now(connection)
