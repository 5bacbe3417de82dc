"""An index of the invoices that took the place of others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_ANEW = sa.text("number LIKE '%~%'")


def upgrade() -> None:
    """Whether an organisation has any is known without reading all of its documents."""
    columns = ["org", "kind", "number"]
    op.create_index("ix_documents_reissued", "documents", columns, sqlite_where=_ANEW, postgresql_where=_ANEW)
