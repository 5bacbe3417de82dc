"""Indexes of what is asked for over and over: calls that are not settled, and what is held, by what it waits for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """A row is in no more of them than before: those of the time and of the parent leave out what waits for neither."""
    _partial("ix_calls_pending", "calls", ["org", "state"], where="state != 'closed'")
    op.drop_index("ix_calls_org_state", "calls")
    op.create_index("ix_held_waiting", "held", ["org", "state", "created_at", "reason", "id"])
    _partial("ix_held_due", "held", ["org", "until"], where="state = 'time'")
    op.drop_index("ix_held_org_state_until", "held")
    op.drop_index("ix_held_parent", "held")
    parent = ["parent_source", "parent_entity", "parent_entity_id", "parent_part"]
    _partial("ix_held_parent", "held", ["org", *parent], where="parent_source IS NOT NULL")


def _partial(name: str, table: str, columns: list[str], *, where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
