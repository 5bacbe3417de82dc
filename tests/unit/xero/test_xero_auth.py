from __future__ import annotations

import asyncio
import base64
from datetime import timedelta

import httpx
import pytest

from tests.support.token_world import World, connected
from tests.support.xero_fakes import MemoryLeases
from worker.ledger.records import Lease, TokenSet
from worker.xero.oauth.tokens import ConsentRevoked, Credentials, Flow, TokenUnavailable

SECRETS = ("s3cret", "access-", "refresh-")


async def test_a_token_that_lasts_is_used_as_it_is() -> None:
    world = connected()

    token = await world.auth().token()

    assert token.access_token == "access-0"
    assert world.identity.requests == []


@pytest.mark.parametrize("flow", [Flow.WEB, Flow.PKCE])
async def test_a_token_is_refreshed_a_little_before_it_expires(flow: Flow) -> None:
    world = connected(flow)
    world.clock.advance(29 * 60)

    token = await world.auth().token()

    ((form, headers),) = world.identity.requests
    assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "refresh-0")
    assert token.access_token == "access-1"
    stored = world.tokens.sets["c"]
    assert (stored.generation, stored.refresh_token, stored.previous_refresh_token) == (2, "refresh-1", "refresh-0")
    if flow is Flow.WEB:
        assert headers["authorization"] == "Basic " + base64.b64encode(b"the-app:s3cret").decode()
        assert "client_id" not in form
    else:
        assert "authorization" not in headers
        assert form["client_id"] == "the-app"


async def test_a_custom_connection_asks_anew_with_its_credentials() -> None:
    world = World(Flow.CUSTOM)
    auth = world.auth()

    first = await auth.token()
    world.clock.advance(3600)
    second = await auth.token()

    assert [form["grant_type"] for form, _ in world.identity.requests] == ["client_credentials"] * 2
    assert (first.generation, second.generation, second.refresh_token) == (1, 2, None)


async def test_many_requests_and_processes_make_one_refresh() -> None:
    world = connected()
    world.clock.advance(29 * 60)
    processes = [world.auth() for _ in range(3)]

    tokens = await asyncio.gather(*(process.token() for process in processes for _ in range(5)))

    assert {token.access_token for token in tokens} == {"access-1"}
    assert len(world.identity.requests) == 1


async def test_the_loser_of_a_swap_takes_the_winners_token() -> None:
    world = connected()
    world.clock.advance(29 * 60)
    winner = TokenSet("access-w", world.clock.now() + timedelta(minutes=30), "refresh-w", generation=2)
    world.identity.meanwhile = lambda: world.tokens.sets.update(c=winner)

    assert await world.auth().token() == winner


async def test_a_refusal_counts_only_if_nobody_connected_meanwhile() -> None:
    world = connected()
    world.clock.advance(29 * 60)
    winner = TokenSet("access-w", world.clock.now() + timedelta(minutes=30), "refresh-w", generation=2)

    world.identity.meanwhile = lambda: world.tokens.sets.update(c=winner)
    world.identity.fault = httpx.Response(400, json={"error": "invalid_grant"})

    assert await world.auth().token() == winner


async def test_the_previous_refresh_token_is_used_within_its_grace() -> None:
    world = World()
    until = world.clock.now() + timedelta(minutes=30)
    world.connect(previous_refresh_token="refresh-old", previous_until=until)
    world.identity.accepts = {"refresh-old"}
    world.clock.advance(29 * 60)

    token = await world.auth().token()

    assert token.access_token == "access-1"
    assert [form["refresh_token"] for form, _ in world.identity.requests] == ["refresh-0", "refresh-old"]


async def test_after_its_grace_the_consent_is_gone() -> None:
    world = World()
    until = world.clock.now() + timedelta(minutes=30)
    world.connect(previous_refresh_token="refresh-old", previous_until=until)
    world.identity.accepts = {"refresh-old"}
    world.clock.advance(31 * 60)

    with pytest.raises(ConsentRevoked, match="invalid_grant"):
        await world.auth().token()


async def test_a_lost_reply_costs_nothing_but_another_try() -> None:
    world = connected()
    auth = world.auth()
    world.clock.advance(31 * 60)
    world.identity.fault = httpx.ReadTimeout("lost")
    with pytest.raises(TokenUnavailable):
        await auth.token()
    world.identity.fault = None

    token = await auth.token()

    assert token.access_token == "access-1"


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.Response(503),
        httpx.Response(500, content=b"<html>"),
        httpx.Response(429),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(400, json={"error": "temporarily_unavailable"}),
        httpx.Response(400, content=b"<html>"),
    ],
)
async def test_trouble_at_the_identity_host_does_not_end_the_consent(fault: httpx.Response | Exception) -> None:
    world = connected()
    world.clock.advance(31 * 60)
    world.identity.fault = fault

    with pytest.raises(TokenUnavailable):
        await world.auth().token()


async def test_a_token_in_its_last_minutes_is_used_while_none_can_be_had() -> None:
    world = connected()
    world.clock.advance(29 * 60)
    world.identity.fault = httpx.ConnectError("refused")

    assert (await world.auth().token()).access_token == "access-0"


@pytest.mark.parametrize("error", ["invalid_client", "invalid_scope", "unauthorized_client", "invalid_request"])
async def test_other_refusals_name_their_error(error: str) -> None:
    world = connected()
    world.clock.advance(31 * 60)
    world.identity.fault = httpx.Response(400, json={"error": error})

    with pytest.raises(ConsentRevoked, match=error):
        await world.auth().token()


async def test_without_a_consent_a_person_is_asked_to_connect() -> None:
    with pytest.raises(ConsentRevoked, match=r"has no consent yet; run `xerelay connect c`$"):
        await World().auth().token()


async def test_another_process_that_hangs_is_not_waited_for_forever() -> None:
    world = connected()
    world.clock.advance(31 * 60)
    world.leases.held["token:c"] = "another worker"

    with pytest.raises(TokenUnavailable, match="another worker"):
        await world.auth().token()


async def test_who_dies_while_refreshing_keeps_the_others_waiting_for_seconds_only() -> None:
    world = connected()
    world.leases = Unreleased(now=world.clock.monotonic)
    world.clock.advance(31 * 60)
    world.identity.meanwhile = die
    with pytest.raises(asyncio.CancelledError):
        await world.auth().token()
    died_at = world.clock.monotonic()

    world.identity.meanwhile = lambda: None
    token = await world.auth().token()

    assert token.access_token == "access-1"
    assert world.clock.monotonic() - died_at <= 15


class Unreleased(MemoryLeases):
    """The dead give nothing back."""

    async def release(self, lease: Lease) -> None:
        """Never reached by who is dead."""


def die() -> None:
    raise asyncio.CancelledError


async def test_a_refused_token_is_replaced_once_for_all_who_held_it() -> None:
    world = connected()
    auth, other = world.auth(), world.auth()
    stale = (await auth.token()).generation

    await asyncio.gather(auth.refuse(stale), auth.refuse(stale), other.refuse(stale))

    assert len(world.identity.requests) == 1
    assert (await other.token()).access_token == "access-1"


async def test_an_idle_consent_is_kept_alive_every_week() -> None:
    world = connected()
    auth = world.auth()
    world.clock.advance(6 * 86_400)
    too_early = await auth.refresh_if_idle()
    world.clock.advance(86_400)

    due = await auth.refresh_if_idle()

    assert (too_early, due, len(world.identity.requests)) == (False, True, 1)


async def test_a_custom_connection_has_nothing_to_keep_alive() -> None:
    world = World(Flow.CUSTOM)
    await world.auth().token()
    world.clock.advance(30 * 86_400)

    assert not await world.auth().refresh_if_idle()


async def test_no_secret_shows_in_what_may_be_printed() -> None:
    world = connected()
    auth = world.auth()
    world.clock.advance(31 * 60)
    world.identity.fault = httpx.ReadTimeout("lost")

    with pytest.raises(TokenUnavailable) as caught:
        await auth.token()

    shown = f"{auth!r} {world.tokens.sets['c']!r} {Credentials(Flow.WEB, 'id', 's3cret')!r} {caught.value!r}"
    assert not any(secret in shown for secret in SECRETS)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
