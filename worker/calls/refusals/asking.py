"""One question to Xero before what a call carried is settled: it is asked within about a minute, or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from schemas.envelope import Lane
from worker.budget.decision import Wait
from worker.calls.opening import open_read
from worker.calls.sending import breathe, send
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.session.interruption import pause_for
from worker.session.session import Session
from worker.xero.replies.reply import ReplyKind

_PATIENCE_S = 60.0


async def ask_soon(
    session: Session,
    *,
    purpose: Purpose,
    path: str,
    params: Mapping[str, str],
    kind: Kind | None = None,
    answered: Call | None = None,
) -> Sequence[Mapping[str, Any]] | None:
    """What Xero lists; `None` where the budget is spent for longer, or Xero does not say.

    `answered` is the call that is closed afterwards: Xero has answered it, so the question may have its place in
    flight, and waits for that while others have them all.
    A reply that pauses the organisation interrupts the session. Raises what sending raises, and `PauseOrganisation`.
    """
    ask = partial(open_read, session, purpose=purpose, lane=Lane.IMMEDIATE, path=path, params=params, kind=kind)
    opened = await _opened(session, partial(ask, answered=answered))
    if opened is None:
        return None
    reply = await send(session, opened)
    await session.ledger.calls.close(session.lease, opened.id, status=reply.status)
    if reply.outcome is ReplyKind.ANSWERED:
        return reply.elements
    if (pause := pause_for(reply)) is not None:
        session.interrupt(pause)
    return None


async def _opened(session: Session, question: Callable[[], Awaitable[Call | Wait]]) -> Call | None:
    patient_until = session.clock.monotonic() + _PATIENCE_S
    while True:
        await breathe(session)
        opened = await question()
        if not isinstance(opened, Wait):
            return opened
        if session.clock.monotonic() + opened.seconds > patient_until:
            return None
        await session.wait_out(opened)
