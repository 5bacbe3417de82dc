"""Prometheus's text format, as tests look at it."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Scraped:
    """One answer of `/metrics`."""

    text: str

    def values(self, name: str, **labels: str) -> dict[tuple[str, ...], float]:
        """Samples of `name` that carry `labels`, by their other labels' values, in order of these labels' names."""
        found: dict[tuple[str, ...], float] = {}
        for family in text_string_to_metric_families(self.text):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    others = sorted(set(sample.labels) - set(labels))
                    found[tuple(sample.labels[other] for other in others)] = sample.value
        return found

    def value(self, name: str, **labels: str) -> float | None:
        """The one sample with just these labels; None without it."""
        return self.values(name, **labels).get(())
