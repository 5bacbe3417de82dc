"""From what the databases' drivers raise to what can go wrong with the ledger, with what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import exc

from worker.ledger.database.errors import LedgerError, LedgerUnavailable

# what the drivers raise where they are asked without SQLAlchemy
_DRIVERS = (psycopg.OperationalError, psycopg.InterfaceError, sqlite3.OperationalError)
# what was prepared in another session: a pooler gave each transaction another one
_MIXED_UP = (psycopg.errors.DuplicatePreparedStatement, psycopg.errors.InvalidSqlStatementName)
_PRIMARY = (
    "let ledger.url lead to the primary, for a standby takes none; or reset default_transaction_read_only there, "
    "which some services set while their disk is full"
)
_STANDBY = "session is read-only", "server is in hot standby mode"
"""libpq's words where `target_session_attrs` asks for a primary: of several hosts, psycopg tells of the last one."""

_OWNER = "make the user of ledger.url the owner of the database and of its tables (ALTER … OWNER TO)"
_OWN = "name PostgreSQL itself, or a pooler that pools sessions and not transactions"

_NO_ROOM = "disk is full", "disk I/O error"
"""SQLite's words: the second where the file that its processes share finds no room, beside the database itself."""
_ROOM = "is there room on the disk of the file that ledger.url names?"
_NOT_CONNECTED = "connection failed", "connection is bad", "connection timeout", "failed to resolve host"
_CURES = (
    ("too many", ""),
    ("pg_hba.conf", "let user and machine in (pg_hba.conf), or mend sslmode in ledger.url"),
    ("password", "mend user and password in ledger.url, or ledger.password"),
    ("not permitted to log in", "let the user of ledger.url log in (ALTER ROLE … LOGIN)"),
    ("permission denied for database", "let the user of ledger.url connect (GRANT CONNECT ON DATABASE)"),
    ('role "', "mend the user in ledger.url, or create it (createuser)"),
    ('database "', "mend the database's name in ledger.url, or create it (createdb)"),
    ("certificate", "mend ledger.ca_file, and the host's name in ledger.url"),
    ("SSL", "mend sslmode in ledger.url, or ledger.ca_file"),
    ("invalid", "mend it in ledger.url"),
    ("FATAL:", ""),  # it begins, ends or is full, and says so
)
"""By a word of what was said, the first that is in it."""


@contextmanager
def unavailable() -> Iterator[None]:
    """Turn what says that the database is gone or busy into `LedgerUnavailable`, that it is none into `LedgerError`."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, *_DRIVERS) as error:
        raise _unavailable(_first_line(getattr(error, "orig", None) or error)) from error
    except (exc.DBAPIError, sqlite3.DatabaseError) as error:
        cause = getattr(error, "orig", None) or error
        if type(cause) is sqlite3.DatabaseError:  # the class of none of SQLite's other errors
            told = f"ledger.url: expected a sound database of SQLite's, got: {_first_line(cause)}"
            raise LedgerError(f"{told}; name another file, or restore a backup") from error
        if is_read_only(cause):
            told = f"the ledger's database takes no writes: {_first_line(cause)}"
            raise LedgerUnavailable(told, _PRIMARY) from error
        if isinstance(cause, psycopg.errors.InsufficientPrivilege):
            raise LedgerUnavailable(f"the ledger's database refuses us: {_first_line(cause)}", _OWNER) from error
        if isinstance(cause, _MIXED_UP):
            raise LedgerError(f"ledger.url: expected a session of our own, got: {_first_line(cause)}", _OWN) from error
        if not getattr(error, "connection_invalidated", False):
            raise
        raise LedgerUnavailable(f"the ledger's database went away: {_first_line(cause)}") from error


def is_read_only(cause: object) -> bool:
    """A standby, after a failover; or a service whose disk is nearly full."""
    return isinstance(cause, psycopg.errors.ReadOnlySqlTransaction)


def _unavailable(said: str) -> LedgerUnavailable:
    if "readonly database" in said:
        cure = "let this user write to the file that ledger.url names, and to its folder"
        return LedgerUnavailable(f"the ledger's database takes no writes: {said}", cure)
    if any(word in said for word in _STANDBY):
        return LedgerUnavailable(f"the ledger's database takes no writes: {said}", _PRIMARY)
    if any(word in said for word in _NO_ROOM):
        return LedgerUnavailable(f"the ledger's database does not answer: {said}", _ROOM)
    if not any(word in said for word in _NOT_CONNECTED):
        return LedgerUnavailable(f"the ledger's database does not answer: {said}")
    away = "is PostgreSQL running, and does ledger.url name its host and port?"
    cure = next((cure for word, cure in _CURES if word in said), away)
    did = "refuses us" if "FATAL:" in said else "does not answer"
    return LedgerUnavailable(f"the ledger's database {did}: {said}", cure)


def _first_line(cause: object) -> str:
    return (str(cause).splitlines() or [type(cause).__name__])[0]
