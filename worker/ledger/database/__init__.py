"""Connections, transactions, statements and the schema, on SQLite and PostgreSQL alike."""
