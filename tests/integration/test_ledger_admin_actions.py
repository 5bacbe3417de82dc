"""What people did is on record, and stays there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import exc, text

from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import ORG, opened
from worker.ledger.admin_actions import AdminAction
from worker.ledger.database.engine import Database
from worker.ledger.ledger import Ledger


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Ledger]:
    async with opened(database_url, clock=FakeClock()) as ledger:
        yield ledger


async def test_actions_are_read_newest_first_and_by_what_they_were_done_to(database_url: str) -> None:
    clock = FakeClock()
    async with opened(database_url, clock=clock) as ledger:
        await ledger.admin_actions.record("release", who="ann", organisation=ORG)
        clock.advance(1)
        await ledger.admin_actions.record(
            "forget", who="bob", organisation="other", subject="shop customer 7", reason="asked"
        )

        everything = await ledger.admin_actions.latest()
        one = await ledger.admin_actions.latest(organisation=ORG)
        none = await ledger.admin_actions.latest(organisation=ORG, subject="shop customer 7")

    assert everything == [
        AdminAction(clock.now(), "bob", "forget", "other", "shop customer 7", "asked"),
        AdminAction(START, "ann", "release", ORG, "", ""),
    ]
    assert one == everything[1:]
    assert none == []


@pytest.mark.parametrize("statement", ["UPDATE admin_actions SET who = 'nobody'", "DELETE FROM admin_actions"])
async def test_the_database_refuses_to_change_the_record(ledger: Ledger, database_url: str, statement: str) -> None:
    await ledger.admin_actions.record("release", who="ann", organisation=ORG)
    database = Database(database_url)

    with pytest.raises(exc.DBAPIError, match="append-only"):
        async with database.transaction() as connection:
            await connection.execute(text(statement))
    await database.close()

    assert [one.who for one in await ledger.admin_actions.latest()] == ["ann"]
