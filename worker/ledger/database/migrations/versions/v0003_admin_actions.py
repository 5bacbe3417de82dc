"""The record of what people did: rows are added, and neither changed nor deleted, which the database holds too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_CHANGES = ("UPDATE", "DELETE")
_REFUSAL = "admin_actions is append-only"
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION admin_actions_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$
"""


def upgrade() -> None:
    """Create the table, and what keeps its rows as they are."""
    op.create_table(
        "admin_actions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_actions")),
    )
    op.create_index(op.f("ix_admin_actions_at"), "admin_actions", ["at"], unique=False)
    op.create_index(
        op.f("ix_admin_actions_organisation_subject"), "admin_actions", ["organisation", "subject"], unique=False
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()


def _guard_on_postgresql() -> None:
    op.execute(_FUNCTION)
    op.execute(
        "CREATE TRIGGER admin_actions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_actions "
        "FOR EACH STATEMENT EXECUTE FUNCTION admin_actions_append_only()"
    )


def _guard_on_sqlite() -> None:
    for change in _CHANGES:
        op.execute(
            f"CREATE TRIGGER admin_actions_no_{change.lower()} BEFORE {change} ON admin_actions "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
