"""An index of what waits for the end of a kind's pause."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_PAUSED = sa.text("state = 'time' AND reason = 'kind_paused'")


def upgrade() -> None:
    """A page of it is found without what waits for a time otherwise."""
    columns = ["org", "until", "id"]
    op.create_index("ix_held_paused", "held", columns, sqlite_where=_PAUSED, postgresql_where=_PAUSED)
