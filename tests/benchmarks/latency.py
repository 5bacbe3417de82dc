"""How long an event takes from its publication to its document, when little is going on and Xero answers at once.

The document is in the sandbox and in the ledger by the time its event's line is in the worker's log: that moment
counts. Events come 60 to 180 ms apart. One line of JSON; each round's percentiles, then their medians.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.services import broker_service
from schemas.entities import Entity
from schemas.envelope import CONTENT_TYPE, Lane
from schemas.topology import event_key, events_exchange, organisation_queues
from tests.benchmarks.support.load import Message, invoices
from tests.benchmarks.support.machine import (
    arguments,
    made,
    median,
    percentile,
    public_folder,
    report,
    say,
    share_cores,
    unused,
)
from tests.benchmarks.support.serving import Serving, sandbox
from tests.support.amqp_links import publishing
from worker.settings.organisation import OrganisationSettings

_GAP_S = (0.06, 0.18)
_WARM_UP = 20
"""Events before those that count: the first calls open connections and make contacts."""


def main() -> None:
    """Print the figures."""
    options = arguments("tests.benchmarks.latency", rounds=5, events=120)
    core = share_cores()
    rounds: list[tuple[float, float]] = []
    with public_folder() as folder, broker_service(made(folder / "broker")) as broker:
        for number in range(options.rounds):
            delays_ms = _delays_ms(made(folder / str(number)), broker.url, options.events, core)
            rounds.append((percentile(delays_ms, 0.5), percentile(delays_ms, 0.99)))
            say(f"p50 {rounds[-1][0]:.0f} ms, p99 {rounds[-1][1]:.0f} ms")
    linger = OrganisationSettings.model_fields["linger"].default
    report(
        {
            "p50_ms": median((p50 for p50, _ in rounds), digits=1),
            "p99_ms": median((p99 for _, p99 in rounds), digits=1),
            "linger_ms": linger.total_seconds() * 1000,
        }
    )


def _delays_ms(folder: Path, url: str, events: int, core: int) -> list[float]:
    organisation = unused()
    messages = list(invoices(organisation, events + _WARM_UP))
    with sandbox(folder) as xero_url:
        serving = Serving(folder, organisation=organisation, broker_url=url, xero_url=xero_url, core=core)
        with serving.worker() as worker:
            published = asyncio.run(_trickle(url, organisation, messages))
            worker.wait_for(len(messages))
            finished = worker.finished_at()
    counted = list(published)[_WARM_UP:]
    return [(finished[event] - published[event]) * 1000 for event in counted]


async def _trickle(url: str, organisation: str, messages: Sequence[Message]) -> dict[str, float]:
    """Publish one after the other; returns when each was begun, in seconds since 1970, by the event's id."""
    exchange, key = events_exchange(organisation), event_key(organisation, Lane.IMMEDIATE, Entity.INVOICE)
    published: dict[str, float] = {}
    async with publishing(url, organisation_queues(organisation)) as publisher:
        for message_id, body in messages:
            await asyncio.sleep(random.uniform(*_GAP_S))
            published[message_id.partition("-")[0]] = time.time()
            await publisher.publish(
                exchange=exchange, routing_key=key, body=body, message_id=message_id, content_type=CONTENT_TYPE
            )
    return published


if __name__ == "__main__":
    main()
