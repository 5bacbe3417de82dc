"""Looking up a list of ids on SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from worker.ledger.database.statements import among, prepared
from worker.ledger.database.tables import documents

_OF_STORE = (
    documents.c.org == bindparam("of"),
    documents.c.source == bindparam("store"),
    documents.c.entity == bindparam("sort"),
)
_LISTED: tuple[ColumnElement[bool], ...] = (*_OF_STORE, among(documents.c.entity_id, "ids"))


@pytest.mark.parametrize(
    "statement",
    [
        select(documents).where(*_LISTED),
        update(documents).where(*_LISTED).values(kind="item"),
        delete(documents).where(*_LISTED),
    ],
    ids=["select", "update", "delete"],
)
def test_each_id_of_a_list_is_searched_for_in_the_index_rather_than_every_row_read(statement: object) -> None:
    sql = prepared("sqlite", statement).sql

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(str(CreateTable(documents).compile(dialect=sqlite.dialect())))
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", ("",) * sql.count("?")).fetchall()

    assert "entity_id=?" in str(plan)
