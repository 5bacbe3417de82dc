"""A batch to the exchange: all of it that can be sent is confirmed, or it has not come back yet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

import structlog

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


class Posting:
    """Publishes for one agent, and waits for a broker that is away. `published` counts what the broker confirmed."""

    def __init__(self, *, publisher: Publishing, patience: Patience, steps: Steps) -> None:
        self._publisher = publisher
        self._patience = patience
        self._steps = steps
        self.published: Counter[Route] = Counter()
        self._log = structlog.get_logger("xerelay")

    async def post(self, outgoing: Sequence[Outgoing]) -> int:
        """Come back when the broker has confirmed every event; says how many it has. Raises `Stopped`.

        An event that the contract refuses (it is too large) is reported and left out: its next version comes. Where one
        meets a defect, none of the others is left on its way.
        """
        if not outgoing:
            return 0
        with ungrouped():
            async with asyncio.TaskGroup() as tasks:
                sending = [tasks.create_task(self._send(one)) for one in outgoing]
                await asyncio.sleep(0)  # by now they are with the connection, as far as its window goes
                self._steps.reached(Step.PUBLISHED)
        self._steps.reached(Step.CONFIRMED)
        return sum(one.result() for one in sending)

    async def _send(self, one: Outgoing) -> bool:
        event = one.event
        try:
            await self._patience.of(partial(self._publisher.publish, event, one.lane, data=one.data))
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
        self.published[Route(event.organisation, event.entity, one.lane)] += 1
        return True
