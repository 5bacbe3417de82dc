"""When rows were removed that a store has no longer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; of what was removed before, nothing is known."""
    op.add_column("store_rows", sa.Column("removed_at", sa.BigInteger()))
