"""What the ledger keeps for stores' agents: how far each list is read, what was published, and the runs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from worker.ledger.database.tables import metadata
from worker.ledger.database.types import Instant

# whoever compares the schema takes `metadata` from here, where it is whole
__all__ = ["metadata", "run_streams", "runs", "store_rows", "store_streams"]

# how far a store's agent has read each list of the store
store_streams = Table(
    "store_streams",
    metadata,
    Column("store", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("cursor_at", Instant, nullable=False),
    Column("cursor_id", BigInteger, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("swept_at", Instant, nullable=False),
    PrimaryKeyConstraint("store", "stream"),
)

# what was published of each row of a store: content hashes by entity and organisation, as JSON
store_rows = Table(
    "store_rows",
    metadata,
    Column("store", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("published", Text, nullable=False),
    Column("broken", Text, nullable=False),
    # the latest version that was published of it; of rows last published before there was this column, nothing is known
    Column("version", Instant),
    # the version of its removal: kept of a row that is gone, for it may come back
    Column("removed_at", Instant),
    PrimaryKeyConstraint("store", "stream", "row_id"),
)

# one row per command for a store; a worker adds to the last four columns what became of the run's events
runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("store", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    # equal for runs that ask for the same
    Column("wish", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("joined_to", Text),
    Column("detail", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("written", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("parked", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Index(None, "store", "state"),
)

run_streams = Table(
    "run_streams",
    metadata,
    Column("run_id", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("published", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("broken", Integer, nullable=False),
    Column("total", Integer),
    Column("done", Boolean, nullable=False),
    PrimaryKeyConstraint("run_id", "stream"),
)
