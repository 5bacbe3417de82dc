"""Queues that an admin deletes while nobody consumes them, as a batch queue before its window."""

from __future__ import annotations

import pytest

from producers.amqp import Unroutable
from schemas.envelope import Lane
from schemas.topology import lane_queue, organisation_queues
from tests.amqp_links import consuming, publish, publishing
from tests.waiting import until


async def test_a_queue_found_missing_when_its_depth_is_asked_is_declared_again(amqp_url: str, unique_org: str) -> None:
    queues, batch = organisation_queues(unique_org), lane_queue(unique_org, Lane.BATCH)
    async with consuming(amqp_url, queues) as intake, publishing(amqp_url, queues) as publisher:
        control = await intake.consumer._control_channel()
        await control.ask(control.raw.queue_delete, batch)
        with pytest.raises(Unroutable):
            await publish(publisher, f"{unique_org}.batch.order", "m1")

        assert await intake.consumer.depth(batch) == 0

        await publish(publisher, f"{unique_org}.batch.order", "m1")
        await intake.consumer.start(batch, 5)
        await until(lambda: intake.ids() == ["m1"], what="a delivery from the new queue")
