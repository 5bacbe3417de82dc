"""The ledger's schema, but for what agents keep. `migrations/` brings a database there; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    literal_column,
    text,
)

from worker.ledger.database.types import Instant

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

_KEPT_BODY = text("members IS NOT NULL")
IS_NUMBERED_ANEW = text("number LIKE '%~%'")
"""The condition of `ix_documents_reissued` in its own words, as a question has to repeat it."""

_HAS_PARENT = text("parent_source IS NOT NULL")
_TIMED = text("state = 'time'")
_WAITS = text("state = 'parent'")
_PAUSED = text("state = 'time' AND reason = 'kind_paused'")
_PENDING = text("state != 'closed'")


def _document_key() -> tuple[Column[str], ...]:
    return tuple(Column(name, Text, nullable=False) for name in ("org", "source", "entity", "entity_id", "part"))


leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("renewals", BigInteger, nullable=False, server_default=text("0")),
)

workers = Table(
    "workers",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("seen_at", Instant, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    *_document_key(),
    Column("kind", Text, nullable=False),
    Column("xero_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("version", Instant, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("facts", Text, nullable=False),
    PrimaryKeyConstraint("org", "source", "entity", "entity_id", "part"),
    Index(None, "org", "kind", "number"),
    Index(
        "ix_documents_reissued",
        "org",
        "kind",
        "number",
        sqlite_where=IS_NUMBERED_ANEW,
        postgresql_where=IS_NUMBERED_ANEW,
    ),
)

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("kind", Text),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("params", Text, nullable=False),
    Column("body", LargeBinary),
    Column("idempotency_key", Text),
    Column("members", LargeBinary),
    Column("documents", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("sends", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("status", Integer),
    Column("detail", Text, nullable=False),
    Index("ix_calls_pending", "org", "state", sqlite_where=_PENDING, postgresql_where=_PENDING),
    Index(None, "org", "opened_at"),
    Index(None, "closed_at"),
    # only what the purge has still to do
    Index("ix_calls_purge", "closed_at", sqlite_where=_KEPT_BODY, postgresql_where=_KEPT_BODY),
)

IS_PENDING = calls.c.state != literal_column("'closed'")
"""The condition of `ix_calls_pending` in its own words: a plan that is made for any bound value could not use it."""

# one row per document of an open write: the primary key keeps a document from being in two of them
claims = Table(
    "claims",
    metadata,
    *_document_key(),
    Column("call_id", Text, nullable=False),
    PrimaryKeyConstraint("org", "source", "entity", "entity_id", "part"),
    Index(None, "call_id"),
)

# what was to be gone before it was ever written, in the newest such version
voids = Table(
    "voids",
    metadata,
    *_document_key(),
    Column("version", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    PrimaryKeyConstraint("org", "source", "entity", "entity_id", "part"),
)

held = Table(
    "held",
    metadata,
    Column("id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("source", Text),
    Column("entity", Text),
    Column("entity_id", Text),
    Column("version", Instant),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("until", Instant),
    Column("parent_source", Text),
    Column("parent_entity", Text),
    Column("parent_entity_id", Text),
    Column("parent_part", Text),
    Column("attempt", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("state_since", Instant, nullable=False),
    # all that is asked of many at once, without their rows
    Index("ix_held_waiting", "org", "state", "created_at", "reason", "id"),
    Index("ix_held_due", "org", "until", sqlite_where=_TIMED, postgresql_where=_TIMED),
    Index("ix_held_due_lane", "org", "lane", "until", "id", sqlite_where=_TIMED, postgresql_where=_TIMED),
    Index("ix_held_children", "org", "state_since", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    Index("ix_held_paused", "org", "until", "id", sqlite_where=_PAUSED, postgresql_where=_PAUSED),
    Index(None, "org", "source", "entity", "entity_id"),
    Index(
        "ix_held_parent",
        *("org", "parent_source", "parent_entity", "parent_entity_id", "parent_part"),
        sqlite_where=_HAS_PARENT,
        postgresql_where=_HAS_PARENT,
    ),
)

IS_TIMED = held.c.state == literal_column("'time'")
"""The condition of `ix_held_due` and `ix_held_due_lane`, as above."""

IS_PAUSED = and_(IS_TIMED, held.c.reason == literal_column("'kind_paused'"))
"""The condition of `ix_held_paused`."""

IS_CHILD = held.c.state == literal_column("'parent'")
"""The condition of `ix_held_children`."""

# what a person threw away or, without its message, took out, by whom and why; kept as long as closed calls are
discards = Table(
    "discards",
    metadata,
    Column("id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("discarded_at", Instant, nullable=False),
    Index(None, "discarded_at"),
)

# what people did with commands and the console; the database refuses to change or delete a row
admin_actions = Table(
    "admin_actions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    # empty: of no one organisation
    Column("organisation", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "at"),
    Index(None, "organisation", "subject"),
)

# what the console adds to organisations' configurations
overlays = Table(
    "overlays",
    metadata,
    Column("org", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("org", "section", "key"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("org", Text, nullable=False),
    # empty: the whole organisation
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    PrimaryKeyConstraint("org", "kind"),
)

# up to when the people of a channel of notices have been told
notices = Table(
    "notices", metadata, Column("channel", Text, primary_key=True), Column("told_until", Instant, nullable=False)
)

# the tenant of which the documents are; the id in small letters
tenants = Table("tenants", metadata, Column("org", Text, primary_key=True), Column("tenant_id", Text, nullable=False))

tokens = Table(
    "tokens",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("generation", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

budgets = Table(
    "budgets",
    metadata,
    Column("org", Text, primary_key=True),
    Column("minute_level", Float, nullable=False),
    Column("minute_at", Instant, nullable=False),
    Column("day_level", Float, nullable=False),
    Column("day_at", Instant, nullable=False),
    Column("recent", Text, nullable=False),
    Column("correction", Text, nullable=False),
    # microseconds that the budget's own time is ahead of the clock
    Column("ahead", BigInteger, nullable=False, server_default=text("0")),
)

# calls granted per organisation and minute, for the sum of any rolling 24 hours
spends = Table(
    "spends",
    metadata,
    Column("org", Text, nullable=False),
    Column("minute", Instant, nullable=False),
    Column("granted", Integer, nullable=False),
    PrimaryKeyConstraint("org", "minute"),
)
