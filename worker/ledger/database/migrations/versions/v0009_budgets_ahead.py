"""How far a budget's own time is ahead of a clock that was set back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column: no budget is ahead until its clock is found set back."""
    op.add_column("budgets", sa.Column("ahead", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
