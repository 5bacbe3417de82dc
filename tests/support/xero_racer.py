"""One of several that refresh one connection's tokens: `python -m tests.support.xero_racer LEDGER SANDBOX ROUNDS`.

Each round it declares its token expired, then calls Xero with the next one; it prints each reply's outcome.
"""

from __future__ import annotations

import asyncio
import sys

from tests.support.sample_ledger import KEY
from tests.support.sandbox_fixture import SandboxControl
from tests.support.xero_sandbox import SandboxXero, asking
from worker.ledger.ledger import Ledger
from worker.xero.oauth.tokens import Flow


async def race(ledger_url: str, sandbox_url: str, rounds: int) -> None:
    ledger = await Ledger.open(ledger_url, encryption_key=KEY)
    control = SandboxControl(sandbox_url)
    xero = SandboxXero(control, flow=Flow.WEB, leases=ledger.leases, tokens=ledger.tokens)
    try:
        for _ in range(rounds):
            token = await xero.auth.token()
            await xero.auth.refuse(token.generation)
            reply = await xero.client.send(asking(None, "/Organisation"))
            sys.stdout.write(f"{reply.outcome}\n")
    finally:
        await xero.aclose()
        control.close()
        await ledger.close()


if __name__ == "__main__":
    asyncio.run(race(sys.argv[1], sys.argv[2], int(sys.argv[3])))
