"""An organisation's accounts and tax rates, read from Xero when an admin asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from worker.bootstrap import limits_of
from worker.budget.decision import Wait
from worker.calls.paging import XeroUnreadable
from worker.calls.sending import headers_of
from worker.clock import Clock
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Purpose
from worker.settings import OrganisationSettings, Settings
from worker.xero.client import XeroClient
from worker.xero.clients import Clients
from worker.xero.replies.reply import ReplyKind

_PATIENCE_S = 15.0
_SOON_S = 0.05

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ChartLists:
    """As Xero had them `at` that time."""

    at: datetime
    accounts: Rows
    tax_rates: Rows


async def read_chart(settings: Settings, ledger: Ledger, clock: Clock, org: OrganisationSettings) -> ChartLists:
    """Two calls of the budget. Raises `XeroUnreadable`, and what the ledger raises."""
    limits = limits_of(org)
    async with AsyncExitStack() as stack:
        spend_again = partial(ledger.readings.spend_again, org.name, limits=limits)
        client = Clients(settings, ledger, clock, stack).client(org, spend_again=spend_again)
        accounts = await _list(ledger, clock, client, org, "/Accounts")
        return ChartLists(clock.now(), accounts, await _list(ledger, clock, client, org, "/TaxRates"))


async def _list(ledger: Ledger, clock: Clock, client: XeroClient, org: OrganisationSettings, path: str) -> Rows:
    call = await _opened(ledger, clock, org, path)
    reply = await client.send(call)
    await ledger.readings.close(call, status=reply.status, headers=headers_of(reply))
    if reply.outcome is not ReplyKind.ANSWERED:
        raise XeroUnreadable(f"xero did not give its list: {reply.detail or reply.outcome}")
    return reply.elements


async def _opened(ledger: Ledger, clock: Clock, org: OrganisationSettings, path: str) -> Call:
    """A person waits for a token as long as a page may take; the worker beside may have spent those of the moment."""
    give_up = clock.monotonic() + _PATIENCE_S
    while True:
        call = await ledger.readings.open(
            org.name, purpose=Purpose.SETTINGS, kind=None, path=path, params={}, limits=limits_of(org)
        )
        if not isinstance(call, Wait):
            return call
        if clock.monotonic() + call.seconds > give_up:
            raise XeroUnreadable(f"no call is left for this before {call.until:%H:%M} UTC ({call.reason}); try later")
        await clock.sleep(max(call.seconds, _SOON_S))
