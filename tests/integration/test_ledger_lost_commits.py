"""What a PostgreSQL is asked before the first write on a connection, and what comes of its answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.support.sample_ledger import event, lease_of, opened
from tests.support.standby import Pair, primary_and_standby
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LedgerSetBack
from worker.ledger.database.lost_commits import LostCommits, Mark

HOUR = 3_600_000_000
UNKNOWN = str(2**40 + 1000)
"""As the id of a transaction that the server has never heard of."""

TELLS_NOTHING = """
    CREATE SCHEMA service;
    CREATE FUNCTION service.pg_last_xact_replay_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$
        BEGIN RAISE feature_not_supported USING MESSAGE = 'currently not supported'; END
    $$
"""
"""As a service does whose storage replicates, and not the server."""


@pytest.fixture
def pair(public_dir: Path) -> Iterator[Pair]:
    with primary_and_standby(public_dir) as pair:
        yield pair


async def _asked(url: str, lost: LostCommits) -> None:
    database = Database(url)
    try:
        async with database.engine.connect() as connection:
            await lost.insist_on_none(connection)
    finally:
        await database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_service_that_cannot_tell_what_was_replayed_is_written_to(database_url: str) -> None:
    url = make_url(database_url)
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        connection.execute(TELLS_NOTHING)
    path = "-c search_path=service,pg_catalog,public"

    async with opened(url.update_query_dict({"options": path}).render_as_string(hide_password=False)) as ledger:
        lease = await lease_of(ledger)
        await ledger.held.hold(lease, [held := event(1)])

        assert await ledger.held.get(held.id) is not None


async def test_a_transaction_that_a_promoted_server_has_never_heard_of_is_lost(pair: Pair) -> None:
    """It would refuse to tell of one, whatever is asked with it."""
    pair.commit_something()
    pair.let_it_catch_up()
    lost = LostCommits()
    lost.remember(Mark(0, UNKNOWN))

    pair.fail_over()

    with pytest.raises(LedgerSetBack, match="a failover lost what was committed last"):
        await _asked(pair.url, lost)


async def test_nothing_is_missed_where_the_clock_of_the_server_before_had_gone_back(pair: Pair) -> None:
    now = time.time_ns() // 1000
    lost = LostCommits()
    for at in (now + HOUR, now):
        lost.remember(Mark(at, pair.commit_something()))
    pair.let_it_catch_up()

    pair.fail_over()

    await _asked(pair.url, lost)
