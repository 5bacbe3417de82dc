"""A worker in the middle of a day: Xero, which is slow, has answered some of its calls and most are to come."""

from __future__ import annotations

from tests.acceptance.launched import Launched
from tests.acceptance.stage import Stage, a_small_day
from tests.support.trading_day import Day


async def midway(stage: Stage, *, latency_ms: int) -> tuple[Day, Launched]:
    """Publish a small day and start a worker; returns both as soon as the first calls are answered."""
    day = a_small_day(stage.organisation)
    stage.sandbox.limits(latency_ms=latency_ms)
    await stage.publish(day)
    worker = stage.worker()
    await stage.until(lambda: stage.calls() >= 3, what="the first calls")
    return day, worker
