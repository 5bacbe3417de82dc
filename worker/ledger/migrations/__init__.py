"""Alembic's environment; run by `worker.ledger.upgrade`, not from the command line."""
