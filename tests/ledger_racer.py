"""A worker process that races others for one organisation: `python -m tests.ledger_racer URL NAME DOCUMENTS`.

It takes the lease for less time than its work needs, so that it often loses it between opening a call and closing it.
Prints how often it lost.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time

from tests.sample_ledger import ORG, document, key, open_call, write
from worker.ledger.errors import LeaseLost
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Lease

_LEASE_S = 0.05
_DEADLINE_S = 60.0
_BATCH = 5


async def race(url: str, name: str, documents: int) -> int:
    ledger = await Ledger.open(url)
    deadline = time.monotonic() + _DEADLINE_S
    lost = 0
    while time.monotonic() < deadline:
        missing = await _missing(ledger, documents)
        if not missing:
            break
        lease = await ledger.leases.acquire(ORG, name, ttl_s=_LEASE_S)
        try:
            if lease is not None:
                await _serve(ledger, lease, missing)
        except LeaseLost:
            lost += 1
        await asyncio.sleep(random.uniform(0, 0.02))
    await ledger.close()
    return lost


async def _serve(ledger: Ledger, lease: Lease, missing: list[int]) -> None:
    """First what somebody left open, then the next few documents."""
    for call in await ledger.calls.unsettled(ORG):
        await _close(ledger, lease, call)
    known = await ledger.documents.get([key(n) for n in missing])
    writes = [write(n) for n in missing if key(n) not in known][:_BATCH]
    if writes:
        call = await open_call(ledger, lease, *writes)
        await asyncio.sleep(random.uniform(0, 3 * _LEASE_S))
        await _close(ledger, lease, call)


async def _close(ledger: Ledger, lease: Lease, call: Call) -> None:
    written = [document(int(member.key.entity_id)) for member in call.members]
    await ledger.calls.close(lease, call.id, status=200, documents=written)


async def _missing(ledger: Ledger, documents: int) -> list[int]:
    known = await ledger.documents.get([key(n) for n in range(documents)])
    return [n for n in range(documents) if key(n) not in known]


if __name__ == "__main__":
    print(asyncio.run(race(sys.argv[1], sys.argv[2], int(sys.argv[3]))))  # noqa: T201 -- its result
