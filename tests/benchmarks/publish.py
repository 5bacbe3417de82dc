"""How many confirmed events a second our publisher brings into quorum queues, beside pipelined pika and aio-pika.

Every client keeps 500 messages of 1.3 KB unconfirmed, on one core; the broker has the others. pika and aio-pika go
straight into the queue, and pika once more by the exchange that ours takes, which tells what that costs. One line of
JSON.
"""

from __future__ import annotations

from collections import defaultdict

from deploy.services import broker_service
from schemas.entities import Entity
from schemas.envelope import Lane
from schemas.topology import event_key, events_exchange, lane_queue
from tests.benchmarks.support.environments import AIO_PIKA, OURS, PIKA_PUBLISH
from tests.benchmarks.support.load import fill
from tests.benchmarks.support.machine import (
    arguments,
    made,
    median,
    public_folder,
    ratio,
    report,
    say,
    share_cores,
    unused,
)

_SIZE = 1_300
_WINDOW = 500


def main() -> None:
    """Print the figures."""
    options = arguments("tests.benchmarks.publish", rounds=7, events=20_000)
    core = share_cores()
    rates: dict[str, list[float | None]] = defaultdict(list)
    with public_folder() as folder, broker_service(made(folder / "broker")) as broker:
        for _ in range(options.rounds):
            organisation = unused()
            fill(broker.url, organisation, ())  # declares the queues
            queue = lane_queue(organisation, Lane.IMMEDIATE)
            key = event_key(organisation, Lane.IMMEDIATE, Entity.INVOICE)
            load = (options.events, _SIZE, _WINDOW)
            rates["publisher"].append(OURS.rate(core, broker.url, organisation, *load))
            rates["pika"].append(PIKA_PUBLISH.rate(core, broker.url, "", queue, *load))
            rates["pika_by_exchange"].append(
                PIKA_PUBLISH.rate(core, broker.url, events_exchange(organisation), key, *load)
            )
            rates["aio_pika"].append(AIO_PIKA.rate(core, broker.url, queue, options.events // 4, *load[1:]))
            say(", ".join(f"{name} {values[-1] or 0:.0f}/s" for name, values in rates.items()))
    figures: dict[str, object] = {f"{name}_events_per_s": median(values) for name, values in rates.items()}
    report(figures | {"ratio_to_pika": ratio(rates["publisher"], rates["pika"])})


if __name__ == "__main__":
    main()
