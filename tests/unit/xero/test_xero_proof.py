"""A proof of a connection: what is stored may last, and the secret be wrong or the consent withdrawn all the same."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.support.token_world import World, connected
from worker.ledger.records import TokenSet
from worker.xero.oauth.tokens import ConsentRevoked, Flow, TokenUnavailable


@pytest.mark.parametrize(
    ("flow", "grant"),
    [(Flow.WEB, "refresh_token"), (Flow.PKCE, "refresh_token"), (Flow.CUSTOM, "client_credentials")],
)
async def test_a_proof_asks_though_the_stored_token_lasts(flow: Flow, grant: str) -> None:
    world = connected(flow)

    proven = await world.auth().proven()

    assert [form["grant_type"] for form, _ in world.identity.requests] == [grant]
    assert proven.access_token == "access-1"
    assert world.tokens.sets["c"] == proven


@pytest.mark.parametrize("error", ["invalid_client", "invalid_grant"])
async def test_a_refused_proof_leaves_what_is_stored(error: str) -> None:
    world = World()
    stored = world.connect()
    world.identity.fault = httpx.Response(400, json={"error": error})
    auth = world.auth()

    with pytest.raises(ConsentRevoked, match=error):
        await auth.proven()

    assert world.tokens.sets["c"] == stored
    assert (await auth.token()).access_token == "access-0"


async def test_a_proof_that_gets_no_answer_leaves_what_is_stored() -> None:
    world = World()
    stored = world.connect()
    world.identity.fault = httpx.ConnectError("refused")

    with pytest.raises(TokenUnavailable):
        await world.auth().proven()

    assert world.tokens.sets["c"] == stored


async def test_a_token_that_another_process_stored_meanwhile_proves_nothing() -> None:
    world = connected()
    theirs = TokenSet("access-w", world.clock.now() + timedelta(minutes=30), "refresh-w", generation=2)

    def once() -> None:
        world.tokens.sets["c"] = theirs
        world.identity.accepts = {"refresh-w"}
        world.identity.meanwhile = lambda: None

    world.identity.meanwhile = once

    proven = await world.auth().proven()

    assert [form["refresh_token"] for form, _ in world.identity.requests] == ["refresh-0", "refresh-w"]
    assert (proven.generation, world.tokens.sets["c"]) == (3, proven)


async def test_a_proof_waits_its_turn_as_every_refresh_does() -> None:
    world = connected()
    world.leases.held["token:c"] = "another worker"

    with pytest.raises(TokenUnavailable, match="another worker"):
        await world.auth().proven()

    assert world.identity.requests == []
