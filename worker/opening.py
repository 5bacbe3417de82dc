"""Opening calls: what stands behind a request before it goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from schemas.envelope import Lane
from worker.documents import DOCUMENTS_PER_CALL, Kind, Write
from worker.ledger.records import Call, Composed, Known, Opened, Purpose, Wait
from worker.session import Session


async def open_write(
    session: Session, *, kind: Kind, lane: Lane, writes: Sequence[Write], others_may_come: bool = False
) -> Opened | Wait:
    """Try once: one transaction that checks the lease, composes, spends a token and records the call.

    Where `others_may_come`, and some writes turn out to be settled and the rest is no full call, nothing is opened:
    the rest is left over, for a call that others fill.
    """

    def compose(known: Known) -> Composed:
        told_apart = session.namesakes.told_apart(writes, known)
        composed = session.compose(told_apart, known, session.readings)
        return _unless_fuller(composed, told_apart) if others_may_come else composed

    return await session.ledger.calls.open_write(
        session.lease, kind=kind, lane=lane, writes=writes, compose=compose, limits=session.limits
    )


def _unless_fuller(composed: Composed, writes: Sequence[Write]) -> Composed:
    if not composed.settled or len(composed.members) >= DOCUMENTS_PER_CALL:
        return composed
    members = {member.key for member in composed.members}
    waiting = tuple(write for write in writes if write.key in members)
    return replace(composed, members=(), leftover=(*waiting, *composed.leftover))


async def open_write_when_allowed(session: Session, *, kind: Kind, writes: Sequence[Write]) -> Opened:
    """Wait for a token, then open; for calls that finish what an earlier one began."""
    while True:
        opened = await open_write(session, kind=kind, lane=Lane.IMMEDIATE, writes=writes)
        if not isinstance(opened, Wait):
            return opened
        await session.sleep_until(opened.until)


async def open_lookup(session: Session, *, kind: Kind, path: str, params: Mapping[str, str]) -> Call:
    """Wait for a token, then open a GET."""
    while True:
        opened = await session.ledger.calls.open_read(
            session.lease,
            purpose=Purpose.LOOKUP,
            lane=Lane.IMMEDIATE,
            path=path,
            params=params,
            kind=kind,
            limits=session.limits,
        )
        if not isinstance(opened, Wait):
            return opened
        await session.sleep_until(opened.until)
