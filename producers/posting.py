"""A batch to the exchange: all of it that a queue takes is confirmed, or it has not come back; the rest is said."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

import structlog

from producers.amqp import Forbidden, TopologyMismatch, Unroutable
from producers.defects import ungrouped
from producers.patience import Patience
from producers.steps import Step, Steps
from producers.translation import Outgoing
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from schemas.errors import Undecodable


class Publishing(Protocol):
    """What is needed of `producers.publisher.EventPublisher`."""

    async def publish(self, event: Event, lane: Lane, *, data: str = "") -> None:
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

    async def post(self, outgoing: Sequence[Outgoing]) -> Posted:
        """Come back when the broker has confirmed every event that a sound queue takes. Raises `Stopped`.

        Nobody has got the others, and they are to be posted again. An event that the contract refuses (it is too large)
        is reported and left out: its next version comes. Where one meets a defect, none of the others is left on its
        way.
        """
        unrouted: list[Outgoing] = []
        if not outgoing:
            return Posted(0, unrouted)
        with ungrouped():
            async with asyncio.TaskGroup() as tasks:
                sending = [tasks.create_task(self._send(one, unrouted)) for one in outgoing]
                await asyncio.sleep(0)  # by now they are with the connection, as far as its window goes
                self._steps.reached(Step.PUBLISHED)
        self._steps.reached(Step.CONFIRMED)
        return Posted(sum(one.result() for one in sending), unrouted)

    async def _send(self, one: Outgoing, unrouted: list[Outgoing]) -> bool:
        """Whether it is confirmed. What no queue takes goes to `unrouted`."""
        event = one.event
        route = Route(event.organisation, event.entity, one.lane)
        publish = partial(self._publisher.publish, event, one.lane, data=one.data)
        try:
            why = await self._patience.of(partial(_why_unrouted, publish))
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
        self._tell(route, why)
        if why:
            self.unrouted[route] += 1
            unrouted.append(one)
            return False
        self.published[route] += 1
        return True

    def _tell(self, route: Route, why: str) -> None:
        """Each reason once, and once when it is over."""
        if self._told.get(route, "") == why:
            return
        where = {"organisation": route.organisation, "entity": route.entity, "lane": route.lane}
        if why:
            self._told[route] = why
            self._log.error("events.unrouted", **where, detail=f"{why}; the other events go on")
        else:
            del self._told[route]
            self._log.info("events.unrouted.over", **where)


async def _why_unrouted(publish: Callable[[], Awaitable[None]]) -> str:
    """Empty once it is confirmed."""
    try:
        await publish()
    except (Unroutable, TopologyMismatch, Forbidden) as error:
        return str(error)
    return ""
