"""Tokens expire and consents end in mid-run: the organisation goes on, or says why not, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.acceptance.consent import connect
from tests.acceptance.midway import midway
from tests.acceptance.post import depth
from tests.acceptance.stage import Stage, a_small_day
from worker.xero.oauth.tokens import Flow

_ACCESS_S = 1800
_SLOW_MS = 150


async def test_a_token_that_expires_in_mid_run_is_fetched_again(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day, _ = await midway(stage, latency_ms=_SLOW_MS)

    stage.sandbox.advance(_ACCESS_S)

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert stage.sandbox.audit()["tokens_issued"] == {"client_credentials": 2}
    assert "paused" not in stage.log()


async def test_a_refresh_token_rotates_in_mid_run(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    await connect(stage)
    day, _ = await midway(stage, latency_ms=_SLOW_MS)

    stage.sandbox.advance(_ACCESS_S)

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert stage.sandbox.audit()["tokens_issued"] == {"authorization_code": 1, "refresh_token": 1}


async def test_a_401_in_mid_run_costs_one_more_call(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=12)
    stage.sandbox.fault("401", after_calls=3)
    await stage.publish(day)

    stage.worker()

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert stage.sandbox.audit()["tokens_issued"] == {"client_credentials": 2}


@pytest.mark.parametrize("flow", [Flow.CUSTOM, Flow.WEB])
async def test_a_revoked_consent_pauses_the_organisation_until_it_is_given_again(
    sqlite_stage: Stage, flow: Flow
) -> None:
    stage = sqlite_stage
    if flow is Flow.WEB:
        await connect(stage)
    day, worker = await midway(stage, latency_ms=_SLOW_MS)

    stage.person("revoke-consent")
    await stage.until_async(stage.paused, what="a pause")
    [pause] = await stage.paused()
    waiting = await depth(stage.broker_url, stage.organisation)
    if flow is Flow.WEB:
        await connect(stage)
    stage.person("grant-consent", client_id=f"sandbox-{flow}")
    await resume(stage)

    assert (pause.kind, pause.reason) == (None, "consent_revoked")
    assert pause.detail
    assert waiting > 0
    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert worker.poll() is None


async def test_a_pause_lifted_too_early_is_set_again_after_one_small_call(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=12)
    stage.sandbox.fault("403", after_calls=2, count=100)
    await stage.publish(day)
    stage.worker()
    await stage.until_async(stage.paused, what="a pause")
    await stage.until_async(lambda: no_call_is_open(stage), what="the calls in flight settled")
    calls = stage.calls()

    await resume(stage)
    await stage.until_async(stage.paused, what="the pause again")

    assert stage.calls() == calls + 1
    assert await depth(stage.broker_url, stage.organisation) > 0


async def no_call_is_open(stage: Stage) -> bool:
    return not await (await stage.ledger()).calls.unsettled(stage.organisation)


async def resume(stage: Stage) -> None:
    """An admin says: go on now."""
    await (await stage.ledger()).pauses.clear(stage.organisation, None)
