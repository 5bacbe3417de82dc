"""Whole lists of Xero, a page at a time. Each page is a call of the budget, and gives way to the day's own sales."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.backoff import delay_s
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.calls.sending import headers_of
from worker.clock import Clock
from worker.documents.documents import Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Purpose
from worker.xero.client import XeroClient
from worker.xero.endpoints import ENDPOINTS
from worker.xero.lists import params_of
from worker.xero.replies.reply import PROBLEMS, Reply, ReplyKind

_MOST_PAGES = 1000
"""Xero refuses lists of more than 100,000 records; this is far beyond."""

_TRIES = 8
_RETRY_BASE_S = 2.0
_RETRY_CAP_S = 60.0
_HEAD_BYTES = 1000
_SOON_S = 0.05
_LONG_S = 10.0
_LOOK_AGAIN_S = 60.0
_MOST_LOOKS = 3000
_PAGES = re.compile(rb'"pageCount"\s*:\s*(\d+)')
_AGAIN = frozenset({ReplyKind.UNCERTAIN, ReplyKind.UNSENT, ReplyKind.SERVER_ERROR})

Elements = Sequence[Mapping[str, Any]]


class XeroUnreadable(Exception):
    """Xero does not give the list: the text says what it answered."""


@dataclass(frozen=True, slots=True)
class Read:
    """A page was read: the `page`th of `pages` of a list, as far as Xero says how many there are."""

    kind: Kind
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears how far the reading is, until when it waits for calls and why, and in how many s it asks again."""

    read: Callable[[Read], None] = lambda _: None
    waits: Callable[[datetime, str], None] = lambda _until, _reason: None
    asks_again: Callable[[str, float], None] = lambda _why, _in_s: None


class Lists:
    """Reads one organisation's lists for one purpose."""

    def __init__(
        self,
        *,
        org: str,
        purpose: Purpose,
        ledger: Ledger,
        client: XeroClient,
        limits: Limits,
        clock: Clock,
        told: Told,
    ) -> None:
        self.calls = 0
        self._org = org
        self._purpose = purpose
        self._ledger = ledger
        self._client = client
        self._limits = limits
        self._clock = clock
        self._told = told

    async def pages(self, kind: Kind, where: str = "") -> AsyncIterator[Elements]:
        """The documents of a kind that pass `where`, in pages. Raises `XeroUnreadable`, `LedgerUnavailable`.

        In the order of their ids: what comes in meanwhile may show a document twice, and never hides one.
        """
        pages: int | None = None
        for page in range(1, _MOST_PAGES + 1):
            reply = await self._answered(kind, params_of(kind, page, where))
            counted = _pages(reply.raw)
            pages = pages if counted is None else counted
            self._told.read(Read(kind, page, max(pages or 0, page)))
            yield reply.elements
            # without a count of the pages only an empty one is the end: Xero may give smaller ones than asked for
            if kind is Kind.ITEM or (page >= pages if pages is not None else not reply.elements):
                return

    async def _answered(self, kind: Kind, params: Mapping[str, str]) -> Reply:
        reply = Reply(ReplyKind.UNSENT)
        for attempt in range(1, _TRIES + 1):
            call = await self._opened(kind, params)
            reply = await self._client.send(call)
            self.calls += 1
            await self._ledger.readings.close(call, status=reply.status, headers=headers_of(reply))
            if reply.outcome is ReplyKind.ANSWERED:
                return reply
            if reply.outcome in _AGAIN and attempt < _TRIES:
                in_s = delay_s(attempt, base_s=_RETRY_BASE_S, cap_s=_RETRY_CAP_S, jitter=1.0)
                self._told.asks_again(_why(reply), in_s)
                await self._clock.sleep(in_s)
            elif reply.outcome not in PROBLEMS:  # those the budget waits for, as the reply says
                break
        raise XeroUnreadable(f"xero did not give its list of {kind}s: {_why(reply)}")

    async def _opened(self, kind: Kind, params: Mapping[str, str]) -> Call:
        path = f"/{ENDPOINTS[kind].plural}"
        told = ""
        for _ in range(_MOST_LOOKS):
            opened = await self._ledger.readings.open(
                self._org, purpose=self._purpose, kind=kind, path=path, params=params, limits=self._limits
            )
            if not isinstance(opened, Wait):
                return opened
            if opened.seconds > _LONG_S and told != opened.reason:
                told = opened.reason
                self._told.waits(opened.until, told)
            await self._clock.sleep(min(max(opened.seconds, _SOON_S), _LOOK_AGAIN_S))
        raise XeroUnreadable("no call was left for this in a day; see what spends them, or raise limits.day")


def _why(reply: Reply) -> str:
    return reply.detail or str(reply.outcome)


def _pages(raw: bytes) -> int | None:
    """How many pages Xero says there are, before or behind the documents."""
    said = _PAGES.search(raw[:_HEAD_BYTES]) or _PAGES.search(raw[-_HEAD_BYTES:])
    return int(said[1]) if said else None
