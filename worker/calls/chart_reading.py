"""Reads the organisation's accounts and tax rates: two calls when a session begins, and two a day from then on.

Nothing waits for it: until it is read, and while Xero is away, documents go as they are and Xero's verdict counts.
So it takes no probe: the one call in 15 minutes that a spent day leaves is for what waits. But it waits for its tokens
as long as that takes, since of a wrong rate of tax Xero says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from schemas.envelope import Lane
from worker.calls.opening import is_next_a_probe, open_read
from worker.calls.sending import send
from worker.chart import compare
from worker.ledger.records import Call, Purpose
from worker.session.session import Session
from worker.xero.replies.reply import ReplyKind

_EVERY_S = 86_400.0
_AGAIN_S = 900.0
"""When Xero did not answer, or when documents were parked by what was read: it may be mended by now."""

_SOON_S = 60.0
"""When Xero did not answer for the first time: a reply is easily lost."""

_LONG_S = 60.0
"""A longer wait for a token is told: what the minute's limit asks for is over by then."""

_SAME_SESSION_S = 600.0
"""A session that was dropped and begins again so soon has read it a moment ago."""

_TURN_S = 15.0


class ChartReading:
    """Reads for one session, forever: `run` it."""

    def __init__(self, *, session: Session) -> None:
        self._s = session
        self._begun = False
        self._tried_at: float | None = None
        self._since = 0.0
        self._failures = 0
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
        if self._tried_at is not None and now - self._tried_at < (_SOON_S if self._failures == 1 else _AGAIN_S):
            return False
        shelf = self._s.shelf
        if shelf.at is None:
            return True
        every = _AGAIN_S if shelf.doubted else _EVERY_S
        return now - shelf.at >= (every if self._begun else _SAME_SESSION_S)

    async def read(self) -> bool:
        """One reading, however long its two tokens take to come; whether Xero answered."""
        self._since = self._s.clock.monotonic()
        await self._leave_probes()
        accounts = await self._get("/Accounts")
        tax_rates = None if accounts is None else await self._get("/TaxRates")
        self._tried_at = self._s.clock.monotonic()
        if accounts is None or tax_rates is None:
            self._failures += 1
            return False
        self._failures, self._told = 0, ""
        chart = compare(self._s.org, accounts, tax_rates)
        shelf = self._s.shelf
        shelf.chart, shelf.at, shelf.doubted = chart, self._tried_at, False
        for fault in chart.all():
            self._log.error("settings.wrong", organisation=self._s.org.name, reason=fault.reason, detail=fault.detail)
        return True

    async def _get(self, path: str) -> Sequence[Mapping[str, Any]] | None:
        opened = await self._open(path)
        reply = await send(self._s, opened)
        await self._s.ledger.calls.close(self._s.lease, opened.id, status=reply.status)
        if reply.outcome is ReplyKind.ANSWERED:
            self._since = self._s.clock.monotonic()
            return reply.elements
        self._tell(reply.detail or f"xero did not answer {path}")
        return None

    async def _open(self, path: str) -> Call:
        while True:
            opened = await open_read(self._s, purpose=Purpose.SETTINGS, lane=Lane.BATCH, path=path, params={})
            if isinstance(opened, Call):
                return opened
            await self._rest(min(max(opened.seconds, 0.01), _TURN_S))
            await self._leave_probes()

    async def _leave_probes(self) -> None:
        """Wait while the next call is a probe: whatever Xero said a moment ago, that is one only 15 minutes later."""
        while await is_next_a_probe(self._s):
            await self._rest(_TURN_S)

    async def _rest(self, seconds: float) -> None:
        if self._s.clock.monotonic() - self._since >= _LONG_S:
            self._tell("no call was to be had for the two lists within a minute: xerelay budget says what is left")
        self._s.shelf.is_wanted = True
        try:
            await self._s.clock.sleep(seconds)
        finally:
            self._s.shelf.is_wanted = False

    def _tell(self, detail: str) -> None:
        """Once, until it was read: nothing else says that documents go without it."""
        if detail != self._told:
            self._log.error("settings.not_read", organisation=self._s.org.name, detail=detail)
        self._told = detail
