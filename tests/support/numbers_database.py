"""An SQLite database of one table of numbers, opened as a ledger's is."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from worker.ledger.database.engine import Database


@asynccontextmanager
async def numbers_database(folder: Path) -> AsyncIterator[tuple[Database, Path]]:
    """The database and its file; closed at the end."""
    file = folder / "numbers.db"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE numbers (number INTEGER NOT NULL)")
    connection.close()
    database = Database(f"sqlite+inline:///{file}")
    yield database, file
    await database.close()
