"""A batch to the exchange: all of it that a queue takes is confirmed, or it has not come back; the rest is said."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

import structlog

from producers.amqp import AmqpError, Forbidden, Nacked, TopologyMismatch, Unroutable
from producers.defects import ungrouped
from producers.patience import Patience
from producers.steps import Step, Steps
from producers.translation import Outgoing
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from schemas.errors import Undecodable

_REFUSALS = (Unroutable, TopologyMismatch, Forbidden)


class Publishing(Protocol):
    """What is needed of `producers.publisher.EventPublisher`."""

    async def publish(self, event: Event, lane: Lane, *, data: str, waits_for_room: bool) -> None:
        """Come back after the broker's confirm."""
        ...


class Route(NamedTuple):
    """Where an event went."""

    organisation: str
    entity: Entity
    lane: Lane


class Posted(NamedTuple):
    """How many events of a batch the broker has confirmed, and which no queue took."""

    confirmed: int
    unrouted: list[Outgoing]


class Posting:
    """Publishes for one agent, and waits for a broker that is away.

    `published` counts what the broker confirmed, `unrouted` how often no sound queue took an event.
    """

    def __init__(self, *, publisher: Publishing, patience: Patience, steps: Steps) -> None:
        self._publisher = publisher
        self._patience = patience
        self._steps = steps
        self.published: Counter[Route] = Counter()
        self.unrouted: Counter[Route] = Counter()
        self._told: dict[Route, str] = {}
        self._log = structlog.get_logger("xerelay")

    async def post(self, outgoing: Sequence[Outgoing], *, waits_for_room: bool = False) -> Posted:
        """Come back when the broker has confirmed every event that a sound queue takes. Raises `Stopped`.

        Nobody has got the others, and they are to be posted again. A queue that is full takes none, unless its room is
        waited for. An event that the contract refuses (it is too large) is reported and left out: its next version
        comes. Where one meets a defect, none of the others is left on its way.
        """
        unrouted: list[Outgoing] = []
        if not outgoing:
            return Posted(0, unrouted)
        with ungrouped():
            async with asyncio.TaskGroup() as tasks:
                sending = [tasks.create_task(self._send(one, unrouted, waits_for_room)) for one in outgoing]
                await asyncio.sleep(0)  # by now they are with the connection, as far as its window goes
                self._steps.reached(Step.PUBLISHED)
        self._steps.reached(Step.CONFIRMED)
        confirmed = [one for one, sent in zip(outgoing, sending, strict=True) if sent.result()]
        self._tell_over({route_of(one) for one in confirmed} - {route_of(one) for one in unrouted})
        return Posted(len(confirmed), unrouted)

    async def _send(self, one: Outgoing, unrouted: list[Outgoing], waits_for_room: bool) -> bool:
        """Whether it is confirmed. What no queue takes goes to `unrouted`."""
        event, route = one.event, route_of(one)
        publish = partial(self._publisher.publish, event, one.lane, data=one.data, waits_for_room=waits_for_room)
        passed_by = _REFUSALS if waits_for_room else (*_REFUSALS, Nacked)
        try:
            why = await self._patience.of(partial(_why_unrouted, publish, passed_by))
        except Undecodable as error:
            self._log.error(
                "event.unpublishable",
                store=event.source,
                organisation=event.organisation,
                entity=event.entity,
                entity_id=event.subject,
                reason=error.reason,
                detail=error.detail,
            )
            return False
        if why:
            self._tell(route, why)
            self.unrouted[route] += 1
            unrouted.append(one)
            return False
        self.published[route] += 1
        return True

    def _tell(self, route: Route, why: str) -> None:
        """Each reason once."""
        if self._told.get(route) != why:
            self._told[route] = why
            self._log.error("events.unrouted", **route._asdict(), detail=f"{why}; the other events go on")

    def _tell_over(self, routes: Iterable[Route]) -> None:
        """Of a whole batch: of a queue that is just full some events find room, and others do not."""
        for route in routes:
            if self._told.pop(route, ""):
                self._log.info("events.unrouted.over", **route._asdict())


def route_of(one: Outgoing) -> Route:
    """Where it goes."""
    return Route(one.event.organisation, one.event.entity, one.lane)


async def _why_unrouted(publish: Callable[[], Awaitable[None]], refusals: tuple[type[AmqpError], ...]) -> str:
    """Empty once it is confirmed."""
    try:
        await publish()
    except refusals as error:
        return str(error)
    return ""
