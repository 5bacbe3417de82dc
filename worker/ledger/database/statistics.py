"""What PostgreSQL knows of the tables, by which it chooses how to go about a question."""

from __future__ import annotations

from sqlalchemy import text

from worker.ledger.database.engine import Database

# whoever has a table locked looks at it, or cleans it up
_LOOK = text("ANALYZE (SKIP_LOCKED) documents, held")


async def refresh_statistics(database: Database) -> None:
    """Have PostgreSQL look at the largest tables now, and not within a minute or more; SQLite goes without."""
    if database.dialect == "postgresql":
        async with database.transaction() as connection:
            await connection.execute(_LOOK)
