"""Reads the organisation's accounts and tax rates: two calls when a session begins, and two a day from then on.

Nothing waits for it: until it is read, and while Xero is away, documents go as they are and Xero's verdict counts.
So it takes no probe: the one call in 15 minutes that a spent day leaves is for what waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from schemas.envelope import Lane
from worker.budget.corrections import leaves_probes
from worker.chart import compare
from worker.ledger.records import Purpose, Wait
from worker.opening import open_read
from worker.sending import send
from worker.session import Session
from worker.xero.reply import ReplyKind

_EVERY_S = 86_400.0
_AGAIN_S = 900.0
"""When Xero did not answer, or when documents were parked by what was read: it may be mended by now."""

_SAME_SESSION_S = 600.0
"""A session that was dropped and begins again so soon has read it a moment ago."""

_TURN_S = 15.0
_FOR_A_PERSON = (ReplyKind.CONSENT, ReplyKind.SCOPE)


class ChartReading:
    """Reads for one session, forever: `run` it."""

    def __init__(self, *, session: Session) -> None:
        self._s = session
        self._begun = False
        self._tried_at: float | None = None
        self._told = ""
        self._log = structlog.get_logger("xerelay")

    async def run(self) -> None:
        """Until cancelled. Raises `LeaseLost` and `LedgerUnavailable`."""
        while True:
            if self._is_due(self._s.clock.monotonic()):
                await self.read()
            self._begun = True
            await self._s.clock.sleep(_TURN_S)

    def _is_due(self, now: float) -> bool:
        if self._tried_at is not None and now - self._tried_at < _AGAIN_S:
            return False
        shelf = self._s.shelf
        if shelf.at is None:
            return True
        every = _AGAIN_S if shelf.doubted else _EVERY_S
        return now - shelf.at >= (every if self._begun else _SAME_SESSION_S)

    async def read(self) -> bool:
        """One reading; whether Xero answered."""
        self._tried_at = self._s.clock.monotonic()
        state, _, now = await self._s.ledger.budget.standing(self._s.org.name, self._s.limits)
        if leaves_probes(state.correction, now):
            return False
        accounts = await self._get("/Accounts")
        tax_rates = None if accounts is None else await self._get("/TaxRates")
        if accounts is None or tax_rates is None:
            return False
        chart = compare(self._s.org, accounts, tax_rates)
        shelf = self._s.shelf
        shelf.chart, shelf.at, shelf.doubted = chart, self._s.clock.monotonic(), False
        for fault in chart.all():
            self._log.error("settings.wrong", organisation=self._s.org.name, reason=fault.reason, detail=fault.detail)
        return True

    async def _get(self, path: str) -> Sequence[Mapping[str, Any]] | None:
        opened = await open_read(self._s, purpose=Purpose.SETTINGS, lane=Lane.BATCH, path=path, params={})
        if isinstance(opened, Wait):
            return None
        reply = await send(self._s, opened)
        await self._s.ledger.calls.close(self._s.lease, opened.id, status=reply.status)
        if reply.outcome in _FOR_A_PERSON:
            self._tell(reply.detail)
        return reply.elements if reply.outcome is ReplyKind.ANSWERED else None

    def _tell(self, detail: str) -> None:
        """Once: no event may come for a while that would pause the organisation and say so."""
        if detail != self._told:
            self._log.error("settings.not_read", organisation=self._s.org.name, detail=detail)
        self._told = detail
