"""What every page of the console works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from schemas.topology import Queue
from worker.bootstrap import as_served
from worker.clock import Clock
from worker.console.chart_lists import ChartLists
from worker.console.consents import Consents
from worker.console.sessions import Attempts, Sessions
from worker.ledger.ledger import Ledger
from worker.settings import OrganisationSettings, Settings
from worker.stores.commanding import Order
from worker.views.status import AskDepths
from worker.xero.oauth.consent import Tenant


class Place(Protocol):
    """Sends a command as an admin."""

    def __call__(self, order: Order, *, queues: Sequence[Queue]) -> Awaitable[None]:
        """Raises `AmqpError`, `Unconfirmed` where it may be carried out."""
        ...


ReadChart = Callable[[OrganisationSettings], Awaitable[ChartLists]]
"""Reads an organisation's lists from Xero, two calls. Raises `XeroUnreadable`."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`charts` holds the last lists read from Xero, by organisation, `tenants` what consents opened, by connection."""

    settings: Settings
    ledger: Ledger
    clock: Clock
    ask: AskDepths
    place: Place
    read_chart: ReadChart
    sessions: Sessions
    attempts: Attempts
    consents: Consents
    charts: dict[str, ChartLists] = field(default_factory=dict)
    tenants: dict[str, list[Tenant]] = field(default_factory=dict)

    async def organisation(self, name: str) -> OrganisationSettings:
        """As its worker serves it: the file, and what was added here."""
        return await as_served(self.ledger, self.settings.organisations[name])
