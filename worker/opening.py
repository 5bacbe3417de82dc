"""Opening calls: what stands behind a request before it goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.envelope import Lane
from worker.documents import Kind, Write
from worker.ledger.records import Call, Opened, Purpose, Wait
from worker.session import Session


async def open_write(session: Session, *, kind: Kind, lane: Lane, writes: Sequence[Write]) -> Opened | Wait:
    """Try once: one transaction that checks the lease, composes, spends a token and records the call."""
    return await session.ledger.calls.open_write(
        session.lease,
        kind=kind,
        lane=lane,
        writes=writes,
        compose=lambda known: session.compose(session.namesakes.told_apart(writes, known), known, session.readings),
        limits=session.limits,
    )


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
