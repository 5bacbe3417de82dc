"""Reads the organisation's accounts and tax rates: two calls when a session begins, and two a day from then on.

Nothing waits for it: until it is read, and while Xero is away, documents go as they are and Xero's verdict counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from schemas.envelope import Lane
from worker.chart import Chart, compare
from worker.ledger.records import Purpose, Wait
from worker.sending import send
from worker.session import Session
from worker.xero.reply import ReplyKind

EVERY_S = 86_400.0
_AGAIN_S = 900.0
_SOON_S = 600.0


@dataclass(slots=True)
class ChartShelf:
    """The last reading of one organisation, kept from session to session; `at` is monotonic."""

    chart: Chart
    at: float | None = None

    def age(self, now: float) -> float | None:
        """Seconds since it was read; `None`: never."""
        return None if self.at is None else now - self.at


class ChartReading:
    """Reads for one session, forever: `run` it."""

    def __init__(self, *, session: Session) -> None:
        self._s = session
        self._log = structlog.get_logger("xerelay")

    async def run(self) -> None:
        """Until cancelled. Raises `LeaseLost` and `LedgerUnavailable`."""
        shelf = self._s.shelf
        age = shelf.age(self._s.clock.monotonic())
        if age is not None and age < _SOON_S:
            # a session that was dropped and begins again has read it a moment ago
            await self._s.clock.sleep(EVERY_S - age)
        while True:
            await self._s.clock.sleep(EVERY_S if await self.read() else _AGAIN_S)

    async def read(self) -> bool:
        """One reading; whether Xero answered."""
        accounts = await self._get("/Accounts")
        tax_rates = None if accounts is None else await self._get("/TaxRates")
        if accounts is None or tax_rates is None:
            return False
        chart = compare(self._s.org, accounts, tax_rates)
        self._s.shelf.chart, self._s.shelf.at = chart, self._s.clock.monotonic()
        for fault in chart.all():
            self._log.error("settings.wrong", organisation=self._s.org.name, reason=fault.reason, detail=fault.detail)
        return True

    async def _get(self, path: str) -> Sequence[Mapping[str, Any]] | None:
        opened = await self._s.ledger.calls.open_read(
            self._s.lease,
            purpose=Purpose.SETTINGS,
            lane=Lane.BATCH,
            path=path,
            params={},
            limits=self._s.limits,
        )
        if isinstance(opened, Wait):
            return None
        reply = await send(self._s, opened)
        await self._s.ledger.calls.close(self._s.lease, opened.id, status=reply.status)
        return reply.elements if reply.outcome is ReplyKind.ANSWERED else None
