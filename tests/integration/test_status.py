"""`xerelay status` with a broker that answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from schemas.topology import organisation_queues
from tests.support.amqp_links import publish, publishing
from tests.support.cli_ledger import CommandLine
from worker.ledger.ledger import Ledger


async def _nothing(_: Ledger) -> None:
    """The ledger is made, and stays empty."""


def test_depths_come_from_the_broker(amqp_url: str, unique_org: str, tmp_path: Path) -> None:
    async def fill() -> None:
        async with publishing(amqp_url, organisation_queues(unique_org)) as publisher:
            await publish(publisher, f"{unique_org}.batch.order", "m1")

    asyncio.run(fill())
    line = CommandLine(tmp_path, organisation=unique_org, broker_url=amqp_url)
    line.in_ledger(_nothing)

    seen = line.json("status")

    [organisation] = seen["organisations"]
    depths = {lane["lane"]: lane["depth"] for lane in organisation["lanes"]}
    assert (seen["broker"], depths, organisation["dead"]) == ("", {"immediate": 0, "batch": 1, "backfill": 0}, 0)
