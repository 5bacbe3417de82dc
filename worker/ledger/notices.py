"""Up to when the people of each channel of notices have been told what has ended."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import bindparam, select

from worker.ledger.database.engine import Database
from worker.ledger.database.statements import Prepared, insert, prepared
from worker.ledger.database.tables import notices

_UNTIL = select(notices.c.told_until).where(notices.c.channel == bindparam("of"))


class Notices:
    """One time for each channel, which never goes back: several workers send."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def told_until(self, channel: str) -> datetime | None:
        """None: nothing was ever told there."""
        async with self._database.reading() as connection:
            found: datetime | None = (await connection.execute(_UNTIL, {"of": channel})).scalar_one_or_none()
        return found

    async def tell(self, channel: str, until: datetime) -> None:
        """What ended up to then needs no telling any more."""
        async with self._database.transaction() as connection:
            row = {"channel": channel, "told_until": until}
            await _telling(self._database.dialect).run(connection, [row])


@cache
def _telling(dialect: str) -> Prepared:
    statement = insert(dialect, notices)
    new = statement.excluded.told_until
    later = statement.on_conflict_do_update(
        index_elements=["channel"], set_={"told_until": new}, where=new > notices.c.told_until
    )
    return prepared(dialect, later)
