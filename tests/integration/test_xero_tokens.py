"""Tokens of a real identity host: consent, expiry, revocation, and processes that refresh at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.support.forked import FORKSERVER
from tests.support.sample_ledger import opened
from tests.support.sandbox_fixture import SandboxControl
from tests.support.xero_racer import race
from tests.support.xero_sandbox import CONNECTION, SandboxXero, asking, contact_write, writing
from worker.xero.oauth.consent import connections
from worker.xero.oauth.tokens import Flow
from worker.xero.replies.reply import ReplyKind

PROCESSES = 3
ROUNDS = 4
RACE_S = 90

Connect = Callable[..., SandboxXero]


@pytest.fixture
async def connect(sandbox: SandboxControl) -> AsyncIterator[Connect]:
    made: list[SandboxXero] = []

    def one(**settings: object) -> SandboxXero:
        made.append(SandboxXero(sandbox, **settings))  # type: ignore[arg-type]  # the tests name real fields
        return made[-1]

    yield one
    for xero in made:
        await xero.aclose()


@pytest.mark.parametrize("flow", list(Flow))
async def test_each_kind_of_app_reaches_the_organisation(connect: Connect, flow: Flow) -> None:
    xero = connect(flow=flow)
    if flow is not Flow.CUSTOM:
        await xero.consent()

    reply = await xero.client.send(asking(None, "/Organisation"))

    assert reply.outcome is ReplyKind.ANSWERED
    assert reply.elements[0]["Name"]


@pytest.mark.parametrize("flow", [Flow.WEB, Flow.PKCE])
async def test_a_consent_lists_its_organisations(connect: Connect, flow: Flow) -> None:
    xero = connect(flow=flow)
    tokens = await xero.consent()

    (tenant,) = await connections(xero.http, url=f"{xero.sandbox.url}/connections", token=tokens)

    assert tenant.id == xero.sandbox.tenant_id()


@pytest.mark.parametrize("flow", list(Flow))
async def test_a_token_that_expires_in_mid_run_costs_one_more_call(connect: Connect, flow: Flow) -> None:
    xero = connect(flow=flow)
    if flow is not Flow.CUSTOM:
        await xero.consent()
    await xero.client.send(writing(contact_write("1")))
    xero.sandbox.fault("401")

    reply = await xero.client.send(writing(contact_write("2")))

    assert reply.outcome is ReplyKind.ANSWERED
    assert len(xero.spending.spent) == 1
    assert xero.sandbox.audit()["documents"]["contacts"] == 2


async def test_a_revoked_consent_needs_a_person_and_works_again_after(connect: Connect) -> None:
    xero = connect(flow=Flow.WEB)
    await xero.consent()
    await xero.client.send(asking(None, "/Organisation"))
    xero.sandbox.person("revoke-consent", client_id="sandbox-web")

    at_the_api = await xero.client.send(asking(None, "/Organisation"))
    xero.sandbox.advance(31 * 60)
    at_the_token = await xero.client.send(asking(None, "/Organisation"))
    tokens = await xero.ask_the_person()
    stored = await xero.tokens.load(CONNECTION)
    assert stored is not None
    assert await xero.tokens.swap(CONNECTION, stored.generation, tokens)
    again = await xero.client.send(asking(None, "/Organisation"))

    assert (at_the_api.outcome, at_the_api.status) == (ReplyKind.CONSENT, 403)
    assert (at_the_token.outcome, at_the_token.detail) == (
        ReplyKind.CONSENT,
        "xero's identity host refused: invalid_grant",
    )
    assert again.outcome is ReplyKind.ANSWERED


async def test_the_wrong_organisation_is_a_matter_of_consent(connect: Connect) -> None:
    xero = connect(tenant_id="00000000-0000-0000-0000-000000000001")

    reply = await xero.client.send(asking(None, "/Organisation"))

    assert (reply.outcome, reply.status) == (ReplyKind.CONSENT, 403)


async def test_a_lost_token_reply_is_made_good_by_the_grace(connect: Connect) -> None:
    xero = connect(flow=Flow.WEB)
    await xero.consent()
    generation = (await xero.auth.token()).generation
    xero.sandbox.fault("401")
    xero.sandbox.fault("lost-reply", endpoint="/connect/token")

    lost = await xero.client.send(asking(None, "/Organisation"))
    again = await xero.client.send(asking(None, "/Organisation"))

    assert lost.outcome is ReplyKind.UNSENT
    assert again.outcome is ReplyKind.ANSWERED
    stored = await xero.tokens.load(CONNECTION)
    assert stored is not None
    assert stored.generation == generation + 1


async def test_processes_that_race_refresh_once_per_token(
    database_url: str, sandbox: SandboxControl, connect: Connect
) -> None:
    async with opened(database_url) as ledger:
        xero = connect(flow=Flow.WEB, leases=ledger.leases, tokens=ledger.tokens)
        await xero.consent()
        with ProcessPoolExecutor(PROCESSES, mp_context=FORKSERVER) as pool:
            racers = [pool.submit(race, database_url, sandbox.url, ROUNDS) for _ in range(PROCESSES)]
            said = [racer.result(RACE_S) for racer in racers]
        stored = await ledger.tokens.load(CONNECTION)
        afterwards = await xero.client.send(asking(None, "/Organisation"))

    assert said == [[ReplyKind.ANSWERED] * ROUNDS] * PROCESSES
    assert stored is not None
    assert sandbox.audit()["tokens_issued"]["refresh_token"] == stored.generation - 1
    assert afterwards.outcome is ReplyKind.ANSWERED
