"""What a resync costs: the store's rows are counted, nothing is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from producers.runs import Run
from producers.selection import selection_of, streams_of
from producers.store import Stream
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Lane
from worker.bootstrap import limits_of
from worker.settings import OrganisationSettings, Settings
from worker.settings.organisation import NO_PAYMENT
from worker.settings.sections import StoreSettings
from worker.stores.stores import defects_told, open_source, routing_of
from worker.views.planning import Cost, Load, cost


@dataclass(frozen=True, slots=True)
class Price:
    """For an organisation with `limit` calls a day, as if Xero held none of it.

    What is there as it should be costs nothing, a sale that changed since some four times as much: it is looked at
    first, and fewer go in a call.

    `is_shared`: the store feeds others too, and the price is that of all its rows.
    """

    organisation: str
    cost: Cost
    limit: int
    is_shared: bool


async def count(settings: Settings, store: StoreSettings, command: ResyncAll) -> dict[Stream, int]:
    """The rows that a resync would read. Raises `StoreUnreachable`, `StoreRefuses` and `NoAdapter`."""
    run = Run("", "resync-all", command)
    routing = routing_of(settings, store)
    with defects_told(store.name):
        async with open_source(store) as source:
            streams = streams_of(run, source.streams, routing)
            return {stream: await source.count(stream, selection_of(run, stream, routing)) for stream in streams}


def prices(settings: Settings, store: StoreSettings, command: ResyncAll, counts: Mapping[Stream, int]) -> list[Price]:
    """One for each organisation that the command is for."""
    names = [command.organisation] if command.organisation else store.organisations
    shared = len(store.organisations) > 1
    return [_price(settings.organisations[name], command, counts, shared=shared) for name in names]


def _price(org: OrganisationSettings, command: ResyncAll, counts: Mapping[Stream, int], *, shared: bool) -> Price:
    limits = limits_of(org)
    load = load_of(org, counts, command.entities)
    return Price(org.name, cost(load, limits, lane=Lane.BACKFILL, now=datetime.now(UTC)), limits.day, shared)


def load_of(org: OrganisationSettings, counts: Mapping[Stream, int], entities: Collection[Entity]) -> Load:
    """The store's rows as a load of those `entities` that the organisation books."""

    def rows(entity: Entity) -> int:
        if entity not in entities or org.lanes[entity] == "off":
            return 0
        return sum(count for stream, count in counts.items() if entity in stream.entities)

    return Load(
        customers=rows(Entity.CUSTOMER),
        products=rows(Entity.PRODUCT),
        orders=rows(Entity(org.sales_document)),
        refunds=rows(Entity.CREDIT_MEMO),
        payments=rows(Entity.PAYMENT) if _books_payments(org) else 0,
    )


def _books_payments(org: OrganisationSettings) -> bool:
    """What is not mapped yet will be: only where each method's account is "none" nothing is booked."""
    return not org.payments or any(account != NO_PAYMENT for account in org.payments.values())
