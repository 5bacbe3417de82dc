"""An index of what is due in one lane."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_TIMED = sa.text("state = 'time'")


def upgrade() -> None:
    """Besides the one of what is due in any lane, which has the order over all of them."""
    columns = ["org", "lane", "until", "id"]
    op.create_index("ix_held_due_lane", "held", columns, sqlite_where=_TIMED, postgresql_where=_TIMED)
