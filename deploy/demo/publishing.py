"""Publishes messages that no store would: the spoiled ones."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from deploy.demo import sales
from deploy.demo.spoiled import Bad, spoiled
from producers.amqp import BrokerSettings, Publisher
from schemas.entities import Entity, Snapshot
from schemas.envelope import CONTENT_TYPE, Change, Event, Lane
from schemas.topology import EVENTS, event_key, organisation_queues


def spoiled_now(organisation: str, store: str) -> list[Bad]:
    """One of each kind, of a sale of today."""
    chance = Random(66_600)  # noqa: S311 - makes up a sale, keeps no secret
    who = sales.guest(chance, 1)
    sale = sales.invoice(chance, 1, who, sales.products(chance, 5), "stripe_payments")
    now = datetime.now(UTC)

    def event(entity: Entity, data: Snapshot) -> Event:
        return Event(
            id=str(uuid.uuid4()),
            source=store,
            organisation=organisation,
            entity=entity,
            change=Change.CHANGED,
            subject=data.id,
            time=now,
            version=now - timedelta(seconds=1),
            data=data,
        )

    return spoiled(sale.model_copy(update={"date": now.date()}), event)


async def publish(bad: Sequence[Bad], broker_url: str, organisation: str) -> None:
    """Publish them at once; each is confirmed by the broker when this returns."""
    publisher = Publisher(BrokerSettings(url=broker_url), queues=organisation_queues(organisation))
    connection = asyncio.create_task(publisher.run())
    try:
        async with asyncio.TaskGroup() as tasks:
            for number, one in enumerate(bad):
                sending = publisher.publish(
                    exchange=EVENTS,
                    routing_key=event_key(organisation, Lane.IMMEDIATE, one.entity),
                    body=one.body,
                    message_id=f"bad-{number}",
                    content_type=CONTENT_TYPE,
                )
                tasks.create_task(sending)
    finally:
        await publisher.stop(5.0)
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)
