"""Indexes of what is asked for over and over: calls that are not settled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """One of pending calls alone takes the place of one of all calls: it stays small, and closing a call leaves it."""
    pending = sa.text("state != 'closed'")
    op.create_index("ix_calls_pending", "calls", ["org", "state"], sqlite_where=pending, postgresql_where=pending)
    op.drop_index("ix_calls_org_state", "calls")
