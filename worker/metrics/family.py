"""A metric as it is promised, and its samples as prometheus-client takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from worker.session.counts import Distribution

Labels = tuple[str, ...]
_TOTAL = "_total"


class Type(StrEnum):
    """Prometheus's."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class By(StrEnum):
    """Who exports it: what is shared comes from one process alone, so that sums over all of them are right."""

    EVERY = "every process"
    WORKER = "every worker"
    HOLDER = "the worker that serves the organisation"
    AGENT = "every agent"
    IN_CHARGE = "the agent in charge of the store"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `name` is the one that is scraped, with `_total` where it counts."""

    name: str
    type: Type
    labels: Labels
    by: By
    help: str

    def of(self, samples: Iterable[tuple[Labels, float]]) -> Metric:
        """A counter's or a gauge's samples, each with its labels' values."""
        made: CounterMetricFamily | GaugeMetricFamily
        if self.type is Type.COUNTER:
            made = CounterMetricFamily(self.name.removesuffix(_TOTAL), self.help, labels=self.labels)
        else:
            made = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for values, value in samples:
            made.add_metric(values, value)
        return made

    def spread(self, samples: Iterable[tuple[Labels, Distribution]]) -> Metric:
        """A histogram's."""
        made = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        for values, distribution in samples:
            bounds = [*map(floatToGoString, distribution.bounds), "+Inf"]
            buckets = list(zip(bounds, map(float, accumulate(distribution.counts)), strict=True))
            made.add_metric(values, buckets, sum_value=distribution.total)
        return made
