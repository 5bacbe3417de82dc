"""The token after one that Xero has turned away."""

from __future__ import annotations

from datetime import timedelta

from tests.support.token_world import World, connected
from worker.ledger.records import TokenSet
from worker.xero.oauth.tokens import Flow


async def test_after_a_new_consent_the_ledger_is_read_anew() -> None:
    world = connected()
    auth = world.auth()
    await auth.token()
    world.tokens.sets["c"] = TokenSet("access-new", world.clock.now() + timedelta(minutes=30), generation=2)

    auth.forget()

    assert (await auth.token()).access_token == "access-new"


async def test_client_credentials_whose_token_xero_turned_away_get_a_new_one() -> None:
    world = World(Flow.CUSTOM)
    auth = world.auth()
    refused = await auth.token()

    auth.forget()
    first, second = await auth.token(), await auth.token()

    assert (first.access_token != refused.access_token, second) == (True, first)
    assert len(world.identity.requests) == 2


async def test_client_credentials_take_the_new_token_that_another_process_stored() -> None:
    world = World(Flow.CUSTOM)
    auth, other = world.auth(), world.auth()
    await auth.token()
    await other.token()

    for one in (auth, other):
        one.forget()

    assert await auth.token() == await other.token()
    assert len(world.identity.requests) == 2


async def test_a_refresh_token_is_not_spent_on_a_consent_that_xero_turned_away() -> None:
    world = connected()
    auth = world.auth()
    await auth.token()

    auth.forget()

    assert (await auth.token()).access_token == "access-0"
    assert world.identity.requests == []
