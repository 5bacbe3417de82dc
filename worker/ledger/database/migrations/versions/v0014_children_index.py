"""An index of what waits for its parent, by how long it has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_WAITS = sa.text("state = 'parent'")


def upgrade() -> None:
    """What has waited too long is found without what has not."""
    columns = ["org", "state_since", "id"]
    op.create_index("ix_held_children", "held", columns, sqlite_where=_WAITS, postgresql_where=_WAITS)
