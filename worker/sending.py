"""Sending an opened call: the reply corrects the budget and tells the breaker, whatever the call was for."""

from __future__ import annotations

from worker.interruption import xero_down
from worker.ledger.records import Call
from worker.session import Session
from worker.steps import Step
from worker.xero.reply import Reply, ReplyKind

_NO_ANSWER = frozenset({ReplyKind.UNCERTAIN, ReplyKind.UNSENT})


async def send(session: Session, call: Call) -> Reply:
    """What came of `call`. Raises what the ledger raises."""
    reply = await session.client.send(call)
    session.steps.reached(Step.ANSWERED)
    limits = reply.limits
    await session.ledger.calls.correct(
        session.org.name,
        day_remaining=limits.day_remaining,
        minute_remaining=limits.minute_remaining,
        app_minute_remaining=limits.app_minute_remaining,
        retry_after_s=limits.retry_after_s,
        problem=limits.problem,
    )
    if reply.outcome in _NO_ANSWER:
        session.breaker.failed(session.clock.monotonic())
    else:
        session.breaker.succeeded()
    return reply


async def breathe(session: Session, *, at_least_s: float = 0.0) -> None:
    """Wait until Xero may be asked again. Raises `PauseOrganisation` when it has been silent for long."""
    now = session.clock.monotonic()
    if session.breaker.is_down_for_long(now):
        raise xero_down(session.clock.now())
    await session.clock.sleep(max(session.breaker.wait_s(now), at_least_s))
