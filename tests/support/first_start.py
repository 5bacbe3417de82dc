"""The first start of one of several processes, which all begin at once."""

from __future__ import annotations

import asyncio
from multiprocessing.synchronize import Barrier

from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger


def start(url: str, all_there: Barrier) -> None:
    all_there.wait()
    asyncio.run(_start(url))


async def _start(url: str) -> None:
    await upgrade(url)
    ledger = await Ledger.open(url)
    await ledger.leases.heartbeat("w1")
    await ledger.close()
