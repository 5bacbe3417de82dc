"""Whether a PostgreSQL that was promoted has what this process committed to the one before it."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.errors import set_back

MARK = "xerelay_mark"
"""Where a connection keeps that of its transaction."""

_ASKED = "xerelay_asked"
_AT_ONCE = 16
"""As many transactions as a process has at once, and one: what came last of them is among the last that ended."""

_A_SECOND = 1_000_000
"""In microseconds; transactions at once may end in another order than they began in, if hardly by so much."""

_QUESTION = text("""
    WITH server AS MATERIALIZED (
        SELECT pg_is_in_recovery() AS follows,
               CAST(extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000 AS bigint) AS replayed
    )
    SELECT follows, replayed, (
        SELECT count(*)
        FROM unnest(CAST(:times AS bigint[]), CAST(:transactions AS text[])) AS mark (at, transaction)
        WHERE CASE
            WHEN follows OR replayed IS NULL OR replayed = CAST(:known AS bigint) THEN false
            WHEN at > replayed OR CAST(transaction AS xid8) >= pg_snapshot_xmax(pg_current_snapshot()) THEN true
            ELSE pg_xact_status(CAST(transaction AS xid8)) <> 'committed'
        END
    )
    FROM server
""")


class Mark(NamedTuple):
    """A transaction: the server's time in it, once it had locked a row, and its id as the server writes it."""

    at: int
    transaction: str


class LostCommits:
    """Every connection to another server is a new one, and is asked before anything is written on it.

    Until a server was promoted it replayed what another committed, and tells when the last of that was. What was under
    way by then has its id there, and the server knows whether it was committed. What began later is lost: its id may
    be another's now.
    """

    def __init__(self) -> None:
        self._marks: deque[Mark] = deque(maxlen=_AT_ONCE)
        self._replayed: int | None = None

    def remember(self, mark: Mark | None) -> None:
        """A transaction was committed. Where the server's clock went back, those before it have times that mislead."""
        if mark is None:
            return
        if self._marks and mark.at < self._marks[-1].at - _A_SECOND:
            self._marks.clear()
        self._marks.append(mark)

    async def insist_on_none(self, connection: AsyncConnection) -> None:
        """Raise `LedgerSetBack` where the server has lost one of those that came last."""
        if _ASKED in connection.info:
            return
        try:
            follows, replayed, lost = await self._told(connection)
        except exc.NotSupportedError:
            # a service whose storage replicates, as Aurora's: no server replays what another committed
            await connection.rollback()
            await connection.begin()
            follows, replayed, lost = False, None, 0
        if follows:
            return  # it takes no writes; it may be promoted while this connection lasts
        if lost:
            raise set_back("a failover lost what was committed last")
        connection.info[_ASKED] = True
        if replayed != self._replayed:
            # the clock of the next server is another
            self._replayed = replayed
            self._marks.clear()

    async def _told(self, connection: AsyncConnection) -> tuple[bool, int | None, int]:
        """Whether the server follows another, when the last was committed that it replayed, and how many it lacks."""
        given = {
            "times": [mark.at for mark in self._marks],
            "transactions": [mark.transaction for mark in self._marks],
            "known": self._replayed,
        }
        follows, replayed, lost = (await connection.execute(_QUESTION, given)).one()
        return follows, replayed, lost
