"""A worker that races others for one organisation, each in a process of its own.

It begins when all are there. Between opening a call and closing it, it often lets its lease run out, so that it loses
it where another is quick; the first time it waits for that.
"""

from __future__ import annotations

import asyncio
import random
import time

from tests.support.sample_ledger import ORG, document, key, open_call, write
from worker.ledger.database.errors import LeaseLost
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Lease

_LEASE_S = 2.0
_PAUSE_S = 0.15
_ARRIVALS, _LOOKS, _LOOK_S = 1000, 170, 0.03
_DEADLINE_S = 60.0
_BATCH = 5


def race(url: str, name: str, racers: int, documents: int) -> int:
    """How often it lost its lease."""
    return asyncio.run(_race(url, name, racers, documents))


async def _race(url: str, name: str, racers: int, documents: int) -> int:
    ledger = await Ledger.open(url)
    deadline = time.monotonic() + _DEADLINE_S
    await ledger.leases.heartbeat(name)
    for _ in range(_ARRIVALS):
        if len(await ledger.leases.live_workers(_DEADLINE_S)) >= racers:
            break
        await asyncio.sleep(_LOOK_S)
    lost, is_first = 0, True
    while time.monotonic() < deadline:
        missing = await _missing(ledger, documents)
        if not missing:
            break
        lease = await ledger.leases.acquire(ORG, name, ttl_s=_LEASE_S)
        try:
            if lease is not None:
                first, is_first = is_first, False
                await _serve(ledger, lease, missing, loses=first)
                await ledger.leases.release(lease)
        except LeaseLost:
            lost += 1
        await asyncio.sleep(random.uniform(0, 0.02))
    await ledger.close()
    return lost


async def _serve(ledger: Ledger, lease: Lease, missing: list[int], *, loses: bool) -> None:
    """First what somebody left open, then the next few documents."""
    for call in await ledger.calls.unsettled(ORG):
        await _close(ledger, lease, call)
    known = await ledger.documents.get([key(n) for n in missing])
    writes = [write(n) for n in missing if key(n) not in known][:_BATCH]
    if writes:
        call = await open_call(ledger, lease, *writes)
        if loses or random.random() < 0.5:
            await ledger.leases.renew(lease, ttl_s=0)
        if loses:
            await _taken(ledger)
        await asyncio.sleep(random.uniform(0, _PAUSE_S))
        await _close(ledger, lease, call)


async def _taken(ledger: Ledger) -> None:
    """Another has the lease, or nobody is there who would take it."""
    for _ in range(_LOOKS):
        if await ledger.leases.holders():
            break
        await asyncio.sleep(_LOOK_S)


async def _close(ledger: Ledger, lease: Lease, call: Call) -> None:
    written = [document(int(member.key.entity_id)) for member in call.members]
    await ledger.calls.close(lease, call.id, status=200, documents=written)


async def _missing(ledger: Ledger, documents: int) -> list[int]:
    known = await ledger.documents.get([key(n) for n in range(documents)])
    return [n for n in range(documents) if key(n) not in known]
