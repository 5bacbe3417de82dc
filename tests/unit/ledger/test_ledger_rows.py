"""Whole rows, which go in without the names of their columns."""

from __future__ import annotations

import pytest
from sqlalchemy import Table

from worker.ledger.database.statements import plain_insert
from worker.ledger.database.tables import claims, documents


@pytest.mark.parametrize("table", [claims, documents], ids=str)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_insert_takes_a_row_in_the_order_of_its_tables_columns(dialect: str, table: Table) -> None:
    assert list(plain_insert(dialect, table).names) == table.columns.keys()


def test_rows_that_go_in_together_are_those_of_one_insert_each() -> None:
    insert = plain_insert("sqlite", claims)

    head, values = insert.together.split(" VALUES ")

    one = insert.sql.removeprefix(f"{head} VALUES ")
    assert values == ", ".join([one] * 25)
