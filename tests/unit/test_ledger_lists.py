"""Looking up a list of ids on SQLite."""

from __future__ import annotations

import pytest
from sqlalchemy import ColumnElement, bindparam, create_engine, delete, select, update

from worker.ledger.statements import among, prepared
from worker.ledger.tables import documents, metadata

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
    engine = create_engine("sqlite://")
    metadata.create_all(engine, tables=[documents])
    sql = prepared("sqlite", statement).sql

    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("",) * sql.count("?")).all()

    assert "entity_id=?" in str(plan)
