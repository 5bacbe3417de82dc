"""Sending an opened call: the reply corrects the budget and tells the breaker, whatever the call was for."""

from __future__ import annotations

import structlog

from worker.budget.corrections import UNAVAILABLE, Headers
from worker.ledger.records import Call, Purpose
from worker.session.interruption import xero_down
from worker.session.session import Session
from worker.session.steps import Step
from worker.xero.client import DEADLINE_S
from worker.xero.replies.reply import PROBLEMS, Reply, ReplyKind

LOOK_EVERY_S = 1.0
"""When another call's probe will be answered is not known; asking the breaker again costs nothing."""

_SERVER_SIDE = 500
_FRESH_S = 120.0
_KEY_S = 345.0
"""Xero keeps a key for 6 minutes, and payments are looked for after 7: what goes out later than that goes out twice.
Some seconds are left for the way to Xero."""

_STALE = Reply(ReplyKind.UNSENT, detail="this worker stood still for too long after it had opened the call: not sent")
_NO_ANSWER = frozenset({ReplyKind.UNCERTAIN, ReplyKind.UNSENT})


async def send(session: Session, call: Call) -> Reply:
    """What came of `call`. Raises what the ledger raises. A call that was opened long ago is not sent.

    Of an answered write the closing corrects the budget, in its own transaction.
    """
    reply = _STALE if _is_stale(session, call) else await session.client.send(call)
    session.steps.reached(Step.ANSWERED)
    session.is_answered |= reply.outcome is ReplyKind.ANSWERED
    if reply.outcome is not ReplyKind.ANSWERED or call.purpose is not Purpose.WRITE:
        await session.ledger.calls.correct(session.org.name, headers_of(reply))
    _tell_breaker(session, reply)
    return reply


def _tell_breaker(session: Session, reply: Reply) -> None:
    """One line when it opens, and one when it closes: nothing else tells why so few calls go out."""
    breaker, now = session.breaker, session.clock.monotonic()
    was_open, failures = breaker.is_open, breaker.failures
    if reply.outcome not in _NO_ANSWER:
        breaker.succeeded()
        if was_open:
            structlog.get_logger("xerelay").info("breaker.closed", organisation=session.org.name, failures=failures)
        return
    breaker.failed(now)
    if not was_open and breaker.is_open:
        # of what Xero says only the status: its words may name a customer
        why = reply.detail if reply.status is None else f"status {reply.status}"
        told = {"failures": breaker.failures, "again_in_s": round(breaker.wait_s(now)), "detail": why}
        structlog.get_logger("xerelay").warning("breaker.opened", organisation=session.org.name, **told)


def fresh_for_s(call: Call) -> float:
    """How long after it was opened, or opened again, `call` may be handed to the client, which may wait for a token.

    A resend's key is as old as the call.
    """
    key_is_old_s = (call.sent_at - call.opened_at).total_seconds()
    return min(_FRESH_S, _KEY_S - DEADLINE_S - key_is_old_s)


def _is_stale(session: Session, call: Call) -> bool:
    """Whether this process stood still since it opened the call: another may have settled it by now.

    The ledger is fenced and Xero is not: of a lost lease the ledger would tell when it is too late.
    """
    now = session.clock.monotonic()
    return session.fresh_until.pop(call.id, now) < now


def headers_of(reply: Reply) -> Headers:
    """What the reply says of the limits, as the budget takes it."""
    limits = reply.limits
    asks_for_rest = limits.retry_after_s is not None and reply.status is not None and reply.status >= _SERVER_SIDE
    return Headers(
        limits.day_remaining,
        limits.minute_remaining,
        limits.app_minute_remaining,
        limits.retry_after_s,
        # as what a 429 was taken binds too, whether it named a limit or came of a gateway that knows none
        PROBLEMS.get(reply.outcome) or limits.problem or (UNAVAILABLE if asks_for_rest else ""),
    )


async def breathe(session: Session, *, at_least_s: float = 0.0) -> None:
    """Wait until Xero may be asked again. Raises `PauseOrganisation` when it has been silent for long."""
    if at_least_s > 0:
        await session.clock.sleep(at_least_s)
    while not session.breaker.is_down_for_long:
        wait_s = session.breaker.wait_s(session.clock.monotonic())
        if wait_s == 0:
            return
        await session.clock.sleep(min(wait_s, LOOK_EVERY_S))
    raise xero_down()
