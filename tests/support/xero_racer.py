"""One of several processes that refresh one connection's tokens.

Each round it declares its token expired, then calls Xero with the next one.
"""

from __future__ import annotations

import asyncio

from tests.support.sample_ledger import KEY
from tests.support.sandbox_fixture import SandboxControl
from tests.support.xero_sandbox import SandboxXero, asking
from worker.ledger.ledger import Ledger
from worker.xero.oauth.tokens import Flow
from worker.xero.replies.reply import ReplyKind


def race(ledger_url: str, sandbox_url: str, rounds: int) -> list[ReplyKind]:
    """Each reply's outcome."""
    return asyncio.run(_race(ledger_url, sandbox_url, rounds))


async def _race(ledger_url: str, sandbox_url: str, rounds: int) -> list[ReplyKind]:
    outcomes: list[ReplyKind] = []
    ledger = await Ledger.open(ledger_url, encryption_key=KEY)
    control = SandboxControl(sandbox_url)
    xero = SandboxXero(control, flow=Flow.WEB, leases=ledger.leases, tokens=ledger.tokens)
    try:
        for _ in range(rounds):
            token = await xero.auth.token()
            await xero.auth.refuse(token.generation)
            reply = await xero.client.send(asking(None, "/Organisation"))
            outcomes.append(reply.outcome)
    finally:
        await xero.aclose()
        control.close()
        await ledger.close()
    return outcomes
