"""What every process shows: its version, its links to the broker, the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from producers.amqp import Consumer, Publisher
from worker.metrics.families import (
    BROKER_BLOCKED,
    BROKER_CONNECTED,
    BROKER_RECONNECTS,
    BROKER_REFUSED,
    BUILD,
    LEDGER_UP,
)

Link = Consumer | Publisher


class Exposition:
    """The registry of one process: what `collector` yields, and the operating system's figures of the process."""

    def __init__(self, collector: Collector) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(collector)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Prometheus's text format."""
        return generate_latest(self._registry)


def process_metrics(role: str, links: Mapping[str, Link], *, ledger_is_up: bool) -> Iterator[Metric]:
    """The metrics that workers and agents share."""
    yield BUILD.of([((version("xerelay"), role), 1)])
    yield BROKER_CONNECTED.of(((name,), link.connected.is_set()) for name, link in links.items())
    yield BROKER_RECONNECTS.of(((name,), link.reconnects) for name, link in links.items())
    yield BROKER_BLOCKED.of(((name,), link.blocked) for name, link in links.items())
    yield BROKER_REFUSED.of(((name,), len(link.refusals)) for name, link in links.items())
    yield LEDGER_UP.of([((), ledger_is_up)])


def missing_links(links: Iterable[Link]) -> Iterator[str]:
    """What the broker lacks, in words."""
    for link in links:
        if not link.connected.is_set():
            yield f"broker: {link.last_error or 'not connected yet'}"
        for refusal in link.refusals.values():
            yield f"broker: {refusal}"
