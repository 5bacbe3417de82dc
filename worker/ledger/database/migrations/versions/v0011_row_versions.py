"""The latest version that was published of each row of a store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column; of what was published before, nothing is known."""
    op.add_column("store_rows", sa.Column("version", sa.BigInteger()))
