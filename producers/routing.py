"""Which organisations an entity goes to, by which lane, and what is too old for their books. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from producers.store import Place
from schemas.entities import Entity, Payment, Sale, Snapshot
from schemas.envelope import Lane
from schemas.parts import SalesDocument

_A_DAY = timedelta(days=1)  # a day begins at other moments in other time zones


@dataclass(frozen=True, slots=True)
class Target:
    """An organisation as a store's agent knows it. An entity without a lane is not published."""

    name: str
    start_date: date
    lanes: Mapping[Entity, Lane]
    sales_document: SalesDocument = "invoice"

    def wants(self, entity: Entity, data: Snapshot) -> bool:
        """Whether its books take this entity: its lane is on, and it is not older than `start_date`."""
        day = booked_on(data, self.sales_document)
        return entity in self.lanes and (day is None or day >= self.start_date)


@dataclass(frozen=True, slots=True)
class Routing:
    """One store's way to its organisations: all to `organisation`, else by the place's view, else by its website."""

    targets: Mapping[str, Target]
    organisation: str = ""
    websites: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)

    @property
    def start_date(self) -> date:
        """The earliest day that any of the organisations takes."""
        return min(target.start_date for target in self.targets.values())

    @property
    def entities(self) -> frozenset[Entity]:
        """Those that any of the organisations takes."""
        return frozenset(entity for target in self.targets.values() for entity in target.lanes)

    @property
    def read_from(self) -> datetime:
        """Whatever did not change since then is too old, wherever the store is."""
        return datetime.combine(self.start_date, time(), UTC) - _A_DAY

    def targets_of(self, places: tuple[Place, ...]) -> tuple[Target, ...]:
        """The organisations fed by these places, each once; none where no place is configured."""
        if self.organisation:
            return (self.targets[self.organisation],)
        names = dict.fromkeys(self._name(place) for place in places)
        return tuple(self.targets[name] for name in names if name)

    def _name(self, place: Place) -> str:
        return self.views.get(place.view) or self.websites.get(place.website, "")


def booked_on(data: Snapshot, sales_document: SalesDocument) -> date | None:
    """The day that `start_date` is held against, as the worker does it; none for what has no accounting date."""
    if isinstance(data, Payment):
        return data.booked_on(sales_document)
    return data.date if isinstance(data, Sale) else None


DATED = frozenset({Entity.ORDER, Entity.INVOICE, Entity.PAYMENT, Entity.CREDIT_MEMO})
"""The entities that have an accounting date."""
