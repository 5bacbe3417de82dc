"""Run the migrations that a database lacks."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from worker.ledger.database.revisions import MIGRATIONS


def migrate(connection: Connection) -> None:
    """Bring it to the newest schema, in the transaction that it is in."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
