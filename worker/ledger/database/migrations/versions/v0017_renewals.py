"""How often a lease was renewed: a database that was set back has it renewed less often than its holder remembers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column: who has a lease counts from here on."""
    op.add_column("leases", sa.Column("renewals", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
