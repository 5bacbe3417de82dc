"""What a PostgreSQL is asked before the first write on a connection, and what comes of its answers."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import make_url

from tests.support.sample_ledger import event, lease_of, opened

TELLS_NOTHING = """
    CREATE SCHEMA service;
    CREATE FUNCTION service.pg_last_xact_replay_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$
        BEGIN RAISE feature_not_supported USING MESSAGE = 'currently not supported'; END
    $$
"""
"""As a service does whose storage replicates, and not the server."""


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
