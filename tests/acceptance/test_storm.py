"""Everything at once: two stores, every fault of Xero, workers that die at any step. The books are right."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest

from tests.acceptance.post import part_of
from tests.acceptance.stage import Stage, a_small_day
from tests.support.waiting import until
from worker.session.steps import Step

_KINDS = ("lost-reply", "502", "503", "504", "500", "500-partial", "429-minute", "429-concurrent", "401")
# a payment after a 500 is looked up 7 minutes later
_ENDPOINTS = ("/Contacts", "/Items", "/Invoices")
_SEED = 2
_FAULTS = 10
_DEATHS = 3
_STEPS = [step for step in Step if step is not Step.HELD]


@pytest.mark.long
async def test_a_storm_of_faults_and_deaths_costs_nothing(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    chance = random.Random(_SEED)
    day = a_small_day(stage.organisation, orders=48, seed=_SEED)
    other = part_of(a_small_day(stage.organisation, orders=24, seed=_SEED + 1, store="outlet"))
    chance.shuffle(day.events)
    stage.sandbox.limits(latency_ms=60)
    for _ in range(_FAULTS):
        kind = chance.choice(_KINDS)
        endpoint = chance.choice(_ENDPOINTS if kind.startswith("500") else (*_ENDPOINTS, "/Payments", ""))
        count = chance.choice((1, 1, 2))
        stage.sandbox.fault(kind, after_calls=chance.randrange(6), count=count, endpoint=endpoint, seconds=1)
    await stage.publish(day)
    posting = asyncio.create_task(stage.publish(other))

    for _ in range(_DEATHS):
        await _a_death(stage, chance.choice(_STEPS), chance.randrange(1, 8))
    await posting
    stage.worker(probe_s=0.5)

    await stage.until_quiet([day, other])
    await stage.assert_right(day, other)


async def _a_death(stage: Stage, step: Step, nth: int) -> None:
    """A worker dies at a step, or a while later somewhere else."""
    worker = stage.worker(step, nth)
    with suppress(AssertionError):  # it lives
        # asked for by one thread alone: of two at once the second is told 255
        await until(lambda: worker.poll() is not None, timeout_s=5)
    stage.kill(worker)
