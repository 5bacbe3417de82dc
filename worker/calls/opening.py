"""Opening calls: what stands behind a request before it goes out.

Whatever a session sends is opened here, so that an open breaker lets one call through at a time, its probe.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from schemas.envelope import Lane
from worker.budget.corrections import leaves_probes
from worker.budget.decision import Wait
from worker.calls.sending import LOOK_EVERY_S, breathe, fresh_for_s
from worker.documents.documents import Kind, Write
from worker.ledger.records import Call, Composed, Known, Opened, Purpose
from worker.session.session import Session

_Tried = TypeVar("_Tried", Opened | Wait, Call | Wait, Call | Wait | None)


async def open_write(
    session: Session,
    *,
    kind: Kind,
    lane: Lane,
    writes: Sequence[Write],
    others_may_come: bool = False,
    others_are_here: bool = False,
) -> Opened | Wait:
    """Try once: one transaction that checks the lease, composes, spends a token and records the call.

    Where `others_may_come`, and some writes turn out to be settled and the rest is no full call, nothing is opened:
    the rest is left over, for a call that others fill. Where `others_are_here`, nothing but a full call is opened.
    """

    def compose(known: Known) -> Composed:
        told_apart = session.namesakes.told_apart(writes, known)
        composed = session.compose(told_apart, known, session.readings)
        may_be_fuller = others_are_here or (others_may_come and composed.settled)
        return _unless_full(composed, told_apart) if may_be_fuller else composed

    calls, limits = session.ledger.calls, session.limits
    return await _let_through(
        session,
        lambda: calls.open_write(session.lease, kind=kind, lane=lane, writes=writes, compose=compose, limits=limits),
    )


async def open_read(
    session: Session,
    *,
    purpose: Purpose,
    lane: Lane,
    path: str,
    params: Mapping[str, str],
    kind: Kind | None = None,
    answered: Call | None = None,
) -> Call | Wait:
    """Try once to open a GET; in the place of `answered`, a call that Xero has answered and that is still open."""
    calls, limits = session.ledger.calls, session.limits
    return await _let_through(
        session,
        lambda: calls.open_read(
            session.lease,
            purpose=purpose,
            lane=lane,
            path=path,
            params=params,
            kind=kind,
            limits=limits,
            answered=answered,
        ),
    )


async def is_next_a_probe(session: Session) -> bool:
    """Whether a spent day leaves one call in 15 minutes, which is for what waits: what can wait longer asks before."""
    state, _, now = await session.ledger.budget.standing(session.org.name, session.limits)
    return leaves_probes(state.correction, now)


async def resend(session: Session, call: Call, *, within_s: float) -> Call | Wait | None:
    """Try once to have an uncertain call sent again; `None` when its first send is longer ago than `within_s`."""
    calls, limits = session.ledger.calls, session.limits
    return await _let_through(session, lambda: calls.resend(session.lease, call.id, limits=limits, within_s=within_s))


async def _let_through(session: Session, opening: Callable[[], Awaitable[_Tried]]) -> _Tried | Wait:
    """What `opening` gives, or a wait when the breaker is open and it is not the turn of a probe."""
    breaker, now = session.breaker, session.clock.monotonic()
    if not breaker.lets_through(now):
        wait_s = min(breaker.wait_s(now), LOOK_EVERY_S)
        return Wait(session.time.now(), session.time.in_s(wait_s), "xero_unavailable")
    opened = await opening()
    call = opened.call if isinstance(opened, Opened) else opened
    if isinstance(call, Call):
        # from before: how long this process stood still with its transaction counts as well
        session.fresh_until[call.id] = now + fresh_for_s(call)
    else:
        breaker.not_sent(now)
    return opened


def _unless_full(composed: Composed, writes: Sequence[Write]) -> Composed:
    if composed.is_full:
        return composed
    members = {member.key for member in composed.members}
    waiting = tuple(write for write in writes if write.key in members)
    return replace(composed, members=(), leftover=(*waiting, *composed.leftover))


async def open_write_when_allowed(session: Session, *, kind: Kind, writes: Sequence[Write]) -> Opened:
    """Wait for a token, then open; for calls that finish what an earlier one began. Raises as `breathe`."""
    while True:
        await breathe(session)
        opened = await open_write(session, kind=kind, lane=Lane.IMMEDIATE, writes=writes)
        if not isinstance(opened, Wait):
            return opened
        await session.wait_out(opened)


async def open_lookup(session: Session, *, kind: Kind, path: str, params: Mapping[str, str]) -> Call:
    """Wait for a token, then open a GET. Raises as `breathe`."""
    while True:
        await breathe(session)
        opened = await open_read(
            session, purpose=Purpose.LOOKUP, lane=Lane.IMMEDIATE, path=path, params=params, kind=kind
        )
        if not isinstance(opened, Wait):
            return opened
        await session.wait_out(opened)
