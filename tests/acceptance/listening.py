"""Where a process listens, and what it says there."""

from __future__ import annotations

import httpx

from tests.support.log_lines import told

_PATIENCE_S = 60


def listening_at(log: str) -> str | None:
    """The address that a process has logged."""
    return next((line["address"] for line in told(log, event="http.listening")), None)


async def answer_of(address: str | None, path: str) -> httpx.Response:
    """Of a process that may have to ask a silent ledger first."""
    async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_S) as http:
        return await http.get(f"{address}{path}")
