"""What stores and admins publish in a test, and what the broker still holds."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from schemas.commands import Release, command_schema, command_type, encode_command
from schemas.entities import Entity
from schemas.envelope import CONTENT_TYPE, Envelope, Event, Lane
from schemas.topology import COMMANDS, EVENTS, command_key, dead_queue, event_key, lane_queue, organisation_queues
from tests.support.amqp_links import consuming, depth_of, publishing
from tests.support.trading_day import Day, bodies


def organisation_of(day: Day) -> str:
    """Whose day it is."""
    return day.events[0].organisation


def part_of(day: Day, wanted: Callable[[Event], bool] = lambda _: True) -> Day:
    """The day's events that are `wanted`, without its bad messages: some of those are alike on all days."""
    return replace(day, events=[event for event in day.events if wanted(event)], bad=[])


def event_of(day: Day, entity: Entity, subject: str) -> Event:
    """The newest event of one entity."""
    found = [event for event in day.events if event.entity is entity and event.subject == subject]
    return max(found, key=lambda event: event.version)


async def post_day(url: str, day: Day, lane: Lane = Lane.IMMEDIATE) -> None:
    """Publish a day, in its order, each message confirmed by the broker."""
    org = organisation_of(day)
    messages = [(event_key(org, lane, entity), number, body) for entity, number, body in bodies(day)]
    await _post(url, org, EVENTS, messages)


async def post_release(url: str, org: str) -> None:
    """An admin's `release`."""
    kind = command_type("release")
    envelope = Envelope(
        id=uuid.uuid4().hex, source="admin", type=kind, time=datetime.now(UTC), dataschema=command_schema("release")
    )
    body = encode_command(envelope, Release())
    await _post(url, org, COMMANDS, [(command_key(org, "release"), envelope.id, body)])


async def depth(url: str, org: str, lane: Lane = Lane.IMMEDIATE) -> int:
    """How many messages of a lane wait in the broker; what a worker holds does not count."""
    async with consuming(url, organisation_queues(org)) as intake:
        return await depth_of(intake.consumer, lane_queue(org, lane))


async def wear_out(url: str, org: str, *, within_s: float = 60) -> None:
    """Return the immediate lane's only message as often as workers that die of it, until the broker gives it up."""
    queue = lane_queue(org, Lane.IMMEDIATE)
    deadline = time.monotonic() + within_s
    async with consuming(url, organisation_queues(org), queue, prefetch=1) as intake:
        while not await intake.consumer.depth(dead_queue(org)):
            assert time.monotonic() < deadline, f"not in the dead queue after {within_s} s"
            for delivery in intake.held:
                intake.consumer.give_back(delivery)
            intake.held.clear()
            await asyncio.sleep(0.01)


async def _post(url: str, org: str, exchange: str, messages: Iterable[tuple[str, str, bytes]]) -> None:
    async with publishing(url, organisation_queues(org)) as publisher:
        published = (
            publisher.publish(
                exchange=exchange,
                routing_key=routing_key,
                body=body,
                message_id=message_id,
                content_type=CONTENT_TYPE,
            )
            for routing_key, message_id, body in messages
        )
        await asyncio.gather(*published)
