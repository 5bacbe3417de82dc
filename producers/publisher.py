"""Events to an exchange: lane to routing key, properties, and another try when the way to the broker broke."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from itertools import chain
from typing import Protocol

from producers.amqp import AmqpError, ConfirmTimeout, ConnectionLost, Nacked
from schemas.codec import encode_event
from schemas.envelope import CONTENT_TYPE, Event, Lane
from schemas.topology import EVENTS, Queue, event_key, events_exchange, organisation_queues

_FIRST_PAUSE_S = 0.5
_ATTEMPTS = 6
_ATTEMPTS_AT_A_REFUSAL = 4  # 3.5 s in all: a queue may refuse one event while it changes its leader, and take the next
_FULL_S = 600.0  # longer than a poller leaves it alone: what drains and fills again is not waited for page by page
_PASSING = (ConnectionLost, ConfirmTimeout, Nacked)


class Confirming(Protocol):
    """What is needed of `producers.amqp.Publisher`."""

    async def publish(
        self, *, exchange: str, routing_key: str, body: bytes, message_id: str, content_type: str
    ) -> None:
        """Come back after the confirm."""
        ...


class EventPublisher:
    """Publishes events. Safe to call from several tasks; the publisher below bounds how many are on their way.

    Those of `organisations` go to the organisation's own exchange, which has to be there; the others to that of all.
    """

    def __init__(
        self,
        publisher: Confirming,
        organisations: Iterable[str],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher = publisher
        self._exchanges = {org: events_exchange(org) for org in organisations}
        self._sleep = sleep
        self._monotonic = monotonic
        self._full_until: dict[str, float] = {}

    async def publish(self, event: Event, lane: Lane, *, data: str = "", waits_for_room: bool = True) -> None:
        """Come back after the broker's confirm; wait while the broker is away.

        Raises `ConnectionLost`, `ConfirmTimeout` or, where it waits for room in its queue, `Nacked` at the sixth time;
        where it does not, `Nacked` at the fourth, or at once where that became of one of its routing key just before;
        other `AmqpError`s at once, and `Undecodable` for an event that is too large. A repeat carries the same id, so
        that it is known as one. `data` is the event's as `schemas.codec.data_json` writes it, where that is at hand.
        """
        key, body = event_key(event.organisation, lane, event.entity), encode_event(event, data=data)
        for attempt in range(_ATTEMPTS):
            try:
                await self._publisher.publish(
                    exchange=self._exchanges.get(event.organisation, EVENTS),
                    routing_key=key,
                    body=body,
                    message_id=event.id,
                    content_type=CONTENT_TYPE,
                )
            except _PASSING as error:
                if attempt >= self._last_attempt(error, key, waits_for_room=waits_for_room):
                    if isinstance(error, Nacked):
                        self._full_until[key] = self._monotonic() + _FULL_S
                    raise
                await self._sleep(_FIRST_PAUSE_S * 2**attempt)
            else:
                return

    def _last_attempt(self, error: AmqpError, key: str, *, waits_for_room: bool) -> int:
        if waits_for_room or not isinstance(error, Nacked):
            return _ATTEMPTS - 1
        return 0 if self._monotonic() < self._full_until.get(key, 0.0) else _ATTEMPTS_AT_A_REFUSAL - 1


def event_queues(organisations: Iterable[str]) -> tuple[Queue, ...]:
    """The queues a publisher declares, so that events find one before the first worker starts."""
    return tuple(chain.from_iterable(organisation_queues(org) for org in organisations))
