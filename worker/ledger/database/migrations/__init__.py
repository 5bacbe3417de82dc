"""Alembic's environment; run by `worker.ledger.database.upgrade`, not from the command line."""
