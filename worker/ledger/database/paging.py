"""A page at a time, each in a transaction of its own: all rows of a question, or what is to be dropped or changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.engine import Database
from worker.ledger.database.statements import chunks

_PAGE = 500
_PAUSE_S = 0.001


async def pages(
    database: Database,
    statement: Select[Any],
    order: Sequence[ColumnElement[Any]],
    *,
    behind: Sequence[Any] = (),
) -> AsyncIterator[Any]:
    """The rows in this order, which has to be unique. Rows that come meanwhile may be among them or not.

    A beginning belongs into `behind`, and not into the statement: of two beginnings SQLite takes the first, and reads
    all that are done with again for each page.
    """
    last = behind
    while True:
        page = statement.where(_is_behind(order, last)) if last else statement
        async with database.reading() as connection:
            rows = (await connection.execute(page.order_by(*order).limit(_PAGE))).mappings().all()
        for row in rows:
            yield row
        if len(rows) < _PAGE:
            return
        last = [rows[-1][column] for column in order]


def _is_behind(order: Sequence[ColumnElement[Any]], last: Sequence[Any]) -> ColumnElement[bool]:
    values = (literal(value, column.type) for column, value in zip(order, last, strict=True))
    return tuple_(*order) > tuple_(*values)


async def by_ids(
    database: Database, statement: Select[Any], ids: Iterable[str], *, size: int = _PAGE
) -> AsyncIterator[Any]:
    """The rows of these ids, in their order, without what is gone by then. `statement` asks for those in `ids`.

    For rows of which no index has the order: `pages` would read and sort all that are left for each of its pages.
    """
    for page in chunks(ids, size):
        async with database.reading() as connection:
            rows = {row["id"]: row for row in (await connection.execute(statement, {"ids": page})).mappings()}
        for one in page:
            if one in rows:
                yield rows[one]


async def do_in_pages(database: Database, do_page: Callable[[AsyncConnection], Awaitable[int]]) -> int:
    """Repeat `do_page`, which returns how many rows it dropped or changed, until none is left; returns how many in all.

    What ends early has done some of it, and the rest is found again.
    """
    done = 0
    while count := await _in_a_transaction(database, do_page):
        done += count
        await give_way()
    return done


async def give_way() -> None:
    """Wait so long that whoever waits for a turn to write has it before the next page."""
    await asyncio.sleep(_PAUSE_S)


async def _in_a_transaction(database: Database, do_page: Callable[[AsyncConnection], Awaitable[int]]) -> int:
    async with database.transaction() as connection:
        return await do_page(connection)
