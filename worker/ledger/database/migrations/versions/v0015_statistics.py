"""How soon PostgreSQL looks anew at what its largest tables have."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

_SOON = "autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2000"


def upgrade() -> None:
    """After so many changes, however large they are.

    By default it waits for a tenth of a table. Until then an organisation that is new in a large ledger is taken for
    one row, and all of its rows are read at every question.
    """
    if op.get_bind().dialect.name == "postgresql":
        for table in ("documents", "held"):
            op.execute(f"ALTER TABLE {table} SET ({_SOON})")
