"""One process that asks for calls as fast as it can: `spender URL FENCE SECONDS DAY MINUTE`.

Prints `ready`, waits for a line so that all begin together, then prints a JSON object: when each grant was counted, in
microseconds since 1970, and how many milliseconds it took.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime

from schemas.envelope import Lane
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.instants import micros
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Lease, Purpose

ORGANISATION = "budget"
HOLDER = "benchmark"
_WARM_UP = 10


async def spend(url: str, fence: int, seconds: float, limits: Limits) -> tuple[list[int], list[float]]:
    ledger = await Ledger.open(url)
    await _warm_up(ledger, limits)
    lease = Lease(ORGANISATION, HOLDER, fence, datetime.max.replace(tzinfo=UTC))
    granted: list[int] = []
    took_ms: list[float] = []
    print("ready", flush=True)  # noqa: T201 - its parent waits for this
    sys.stdin.readline()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        call = await _ask(ledger, lease, limits)
        if isinstance(call, Call):
            took_ms.append((time.perf_counter() - began) * 1000)
            granted.append(micros(call.opened_at))
            await ledger.calls.close(lease, call.id, status=200)
        else:
            await asyncio.sleep(0.005)
    await ledger.close()
    return granted, took_ms


async def _warm_up(ledger: Ledger, limits: Limits) -> None:
    """Of another organisation: a worker that runs has compiled its statements long ago."""
    lease = await ledger.leases.acquire(f"{ORGANISATION}-{os.getpid()}", HOLDER)
    assert lease is not None, "nobody else has this process's id"
    for _ in range(_WARM_UP):
        call = await _ask(ledger, lease, limits)
        if isinstance(call, Call):
            await ledger.calls.close(lease, call.id, status=200)


async def _ask(ledger: Ledger, lease: Lease, limits: Limits) -> Call | Wait:
    return await ledger.calls.open_read(
        lease, purpose=Purpose.LOOKUP, lane=Lane.IMMEDIATE, path="/Invoices", params={}, limits=limits
    )


def main(url: str, fence: str, seconds: str, day: str, minute: str) -> None:
    limits = Limits(day=int(day), minute=int(minute), concurrent=100, burst=1.0)
    granted, took_ms = asyncio.run(spend(url, int(fence), float(seconds), limits))
    print(json.dumps({"granted": granted, "took_ms": took_ms}))  # noqa: T201 - its result


if __name__ == "__main__":
    main(*sys.argv[1:])
