"""How long PostgreSQL lets a statement take."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from worker.ledger.database.engine import make_engine
from worker.ledger.database.postgresql import ANSWERS_WITHIN_S

LONGER = "?options=-c%20statement_timeout%3D120000"


@pytest.mark.parametrize(
    ("query", "answers_within_s", "allowed"),
    [
        pytest.param("", ANSWERS_WITHIN_S, "30s", id="a worker's ends before its answer is waited for no more"),
        pytest.param("", None, "0", id="a migration's has all the time it needs"),
        pytest.param(LONGER, ANSWERS_WITHIN_S, "2min", id="the url has the last word"),
    ],
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_statement_may_take(
    database_url: str, query: str, answers_within_s: float | None, allowed: str
) -> None:
    engine = make_engine(database_url + query, answers_within_s=answers_within_s)

    async with engine.connect() as connection:
        found = (await connection.execute(text("SHOW statement_timeout"))).scalar_one()
    await engine.dispose()

    assert found == allowed
