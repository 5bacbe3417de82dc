"""All rows of a question, a page of them in memory, each page in a transaction of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, tuple_

from worker.ledger.engine import Database

_PAGE = 500


async def pages(database: Database, statement: Select[Any], order: Sequence[ColumnElement[Any]]) -> AsyncIterator[Any]:
    """The rows in this order, which has to be unique. Rows that come meanwhile may be among them or not."""
    last: Any = None
    while True:
        page = statement if last is None else statement.where(tuple_(*order) > last)
        async with database.reading() as connection:
            rows = (await connection.execute(page.order_by(*order).limit(_PAGE))).mappings().all()
        for row in rows:
            yield row
        if len(rows) < _PAGE:
            return
        last = tuple_(*(literal(rows[-1][column], column.type) for column in order))
