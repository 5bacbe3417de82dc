from __future__ import annotations

from typing import Any

import pytest

from producers.amqp import AmqpError, ConfirmTimeout, ConnectionLost, Forbidden, Nacked, Unroutable
from producers.publisher import EventPublisher, event_queues
from schemas.codec import decode_event
from schemas.envelope import Event, Lane
from tests.support.fakes import FakeClock
from tests.support.sample_invoice import INVOICE, invoice_event

EVENT: Event = invoice_event(INVOICE["data"])


class Exchange:
    """Takes messages, after the troubles it was given."""

    def __init__(self, *troubles: AmqpError) -> None:
        self.taken: list[dict[str, Any]] = []
        self._troubles = list(troubles)

    async def publish(self, **message: Any) -> None:
        if self._troubles:
            raise self._troubles.pop(0)
        self.taken.append(message)


class Pauses:
    """Waits in no time, and remembers."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_an_event_goes_to_its_lane_with_its_id() -> None:
    exchange = Exchange()

    await EventPublisher(exchange, ["main"]).publish(EVENT, Lane.BATCH)

    (message,) = exchange.taken
    assert message["exchange"] == "xerelay.main.events"
    assert message["routing_key"] == "main.batch.invoice"
    assert message["message_id"] == "e1"
    assert message["content_type"] == "application/cloudevents+json"
    assert decode_event(message["body"]) == EVENT


async def test_an_event_of_an_organisation_that_is_not_known_here_goes_to_the_exchange_of_all() -> None:
    exchange = Exchange()

    await EventPublisher(exchange, ["outlet"]).publish(EVENT, Lane.BATCH)

    assert [(one["exchange"], one["routing_key"]) for one in exchange.taken] == [
        ("xerelay.events", "main.batch.invoice")
    ]


@pytest.mark.parametrize("trouble", [ConnectionLost("gone"), ConfirmTimeout("slow"), Nacked("no")])
async def test_what_was_lost_on_the_way_is_published_again(trouble: AmqpError) -> None:
    exchange, pauses = Exchange(trouble, trouble), Pauses()

    await EventPublisher(exchange, ["main"], sleep=pauses).publish(EVENT, Lane.BATCH)

    assert len(exchange.taken) == 1
    assert pauses.seconds == [0.5, 1.0]


async def test_a_broker_that_stays_away_is_told() -> None:
    exchange, pauses = Exchange(*[ConnectionLost("gone")] * 99), Pauses()

    with pytest.raises(ConnectionLost):
        await EventPublisher(exchange, ["main"], sleep=pauses).publish(EVENT, Lane.BATCH)

    assert sum(pauses.seconds) == 15.5


@pytest.mark.parametrize("trouble", [Unroutable("no queue"), Forbidden("no rights")])
async def test_an_event_without_a_queue_or_a_right_is_told_at_once(trouble: AmqpError) -> None:
    exchange, pauses = Exchange(trouble), Pauses()

    with pytest.raises(type(trouble)):
        await EventPublisher(exchange, ["main"], sleep=pauses).publish(EVENT, Lane.BATCH)

    assert pauses.seconds == []


async def test_who_does_not_wait_for_room_tries_an_event_that_is_refused_again_for_some_seconds() -> None:
    exchange, pauses = Exchange(*[Nacked("no")] * 3), Pauses()

    await EventPublisher(exchange, ["main"], sleep=pauses).publish(EVENT, Lane.BATCH, waits_for_room=False)

    assert len(exchange.taken) == 1
    assert pauses.seconds == [0.5, 1.0, 2.0]


async def test_while_a_queue_stays_full_no_other_event_of_it_is_tried_twice() -> None:
    exchange, pauses = Exchange(*[Nacked("no")] * 99), Pauses()
    publisher = EventPublisher(exchange, ["main"], sleep=pauses)

    for lane in (Lane.BATCH, Lane.BATCH, Lane.BACKFILL):
        with pytest.raises(Nacked):
            await publisher.publish(EVENT, lane, waits_for_room=False)

    assert pauses.seconds == [0.5, 1.0, 2.0, 0.5, 1.0, 2.0]  # those of the first of each queue


@pytest.mark.parametrize(("later_s", "waited"), [(300, []), (601, [0.5, 1.0, 2.0])])
async def test_a_queue_that_has_drained_and_is_full_again_is_not_waited_for_within_minutes(
    later_s: float, waited: list[float]
) -> None:
    exchange, pauses, clock = Exchange(*[Nacked("no")] * 4), Pauses(), FakeClock()
    publisher = EventPublisher(exchange, ["main"], sleep=pauses, monotonic=clock.monotonic)
    with pytest.raises(Nacked):
        await publisher.publish(EVENT, Lane.BATCH, waits_for_room=False)
    pauses.seconds.clear()
    await publisher.publish(EVENT, Lane.BATCH, waits_for_room=False)
    exchange._troubles += [Nacked("no")] * 4

    clock.advance(later_s)
    with pytest.raises(Nacked):
        await publisher.publish(EVENT, Lane.BATCH, waits_for_room=False)

    assert len(exchange.taken) == 1
    assert pauses.seconds == waited


def test_a_publisher_declares_dead_before_the_lanes_that_point_to_it() -> None:
    names = [queue.name for queue in event_queues(["a", "b"])]

    assert names[:4] == ["xerelay.a.dead", "xerelay.a.immediate", "xerelay.a.batch", "xerelay.a.backfill"]
    assert "xerelay.b.dead" in names
