"""Statements on the driver itself, past SQLAlchemy's execution, which takes several times as long as the short ones.

Errors are SQLAlchemy's all the same, and a connection that broke is its pool's affair.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from sqlalchemy import exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]


async def execute(connection: AsyncConnection, sql: str, parameters: Any) -> tuple[Rows, int]:
    """The rows it returns, and how many it changed. `connection` is in a transaction."""
    raw = raw_of(connection)
    if not isinstance(raw, sqlite3.Connection):
        return await guarded(connection, sql, _execute(raw, sql, parameters))
    try:
        cursor = raw.execute(sql, parameters)
        return cursor.fetchall(), cursor.rowcount
    except sqlite3.Error as error:
        raise _translated(connection, sql, error) from error


async def execute_many(connection: AsyncConnection, sql: str, parameters: Sequence[Any]) -> None:
    """Once for each of `parameters`. `connection` is in a transaction."""
    raw = raw_of(connection)
    if not isinstance(raw, sqlite3.Connection):
        await guarded(connection, sql, _execute_many(raw, sql, parameters))
        return
    try:
        raw.executemany(sql, parameters)
    except sqlite3.Error as error:
        raise _translated(connection, sql, error) from error


def raw_of(connection: AsyncConnection) -> Any:
    """The driver's own connection."""
    if connection.sync_connection is None:
        raise exc.InvalidRequestError("the connection was not opened")
    return connection.sync_connection.connection.driver_connection


async def _execute(raw: psycopg.AsyncConnection[Any], sql: str, parameters: Any) -> tuple[Rows, int]:
    cursor = await raw.execute(sql, parameters)
    return await cursor.fetchall() if cursor.description else (), cursor.rowcount


async def _execute_many(raw: psycopg.AsyncConnection[Any], sql: str, parameters: Sequence[Any]) -> None:
    async with raw.cursor() as cursor:
        await cursor.executemany(sql, parameters)


async def guarded(connection: AsyncConnection, sql: str, done: Awaitable[T]) -> T:
    """What psycopg is asked to do on its own connection, its errors as SQLAlchemy's.

    Cancelled half-way it may leave answers behind, which whoever has the connection next would take for their own: in a
    pipeline psycopg does not clear them away.
    """
    try:
        return await done
    except psycopg.Error as error:
        lost = raw_of(connection).closed
        if lost:
            with suppress(exc.DBAPIError):
                # it finds out for itself: then none of its pool's connections is used any more
                await connection.exec_driver_sql("SELECT 1")
        raise _translated(connection, sql, error, lost=lost) from error
    except BaseException:
        # whatever state it is in, nobody uses it again
        await connection.invalidate()
        raise


def lose_unfinished(context: ExceptionContext) -> None:
    """Count a connection that is still in a pipeline as lost.

    psycopg cannot leave the pipeline of a server that has just ended: a rollback fails, and without it the connection
    would not come back to its pool.
    """
    connection = context.connection
    if connection is None or connection.closed or connection.invalidated:
        return
    raw: Any = connection.connection.driver_connection
    if raw.pgconn.pipeline_status:
        context.is_disconnect = True


def _translated(connection: AsyncConnection, sql: str, error: Exception, *, lost: bool = False) -> BaseException:
    dialect = connection.dialect
    base: Any = sqlite3.Error if dialect.name == "sqlite" else psycopg.Error
    return exc.DBAPIError.instance(
        sql, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=dialect
    )
