"""docs/metrics.md lists every metric as the code has it, and the code follows Prometheus's rules for names."""

from __future__ import annotations

import re
from pathlib import Path

from worker.metrics.families import ALL
from worker.metrics.family import Family, Type

ROOT = Path(__file__).parents[2]


def rows() -> list[str]:
    text = (ROOT / "docs" / "metrics.md").read_text()
    return [line for line in text.splitlines() if line.startswith("| `xerelay_")]


def row_of(family: Family) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels) or "–"
    return f"| `{family.name}` | {family.type} | {labels} | {family.by} | {family.help} |"


def test_the_table_is_the_code() -> None:
    assert rows() == [row_of(family) for family in ALL]


def test_names_are_prometheus_own() -> None:
    for family in ALL:
        assert re.fullmatch(r"xerelay_[a-z_]+", family.name), family.name
        assert family.name.endswith("_total") == (family.type is Type.COUNTER), family.name
        assert not re.search(r"_(ms|milliseconds|minutes|hours|percent)\b", family.name), family.name


def test_no_label_has_a_value_for_each_event() -> None:
    labels = {label for family in ALL for label in family.labels}

    assert labels.isdisjoint({"id", "event_id", "entity_id", "number", "run", "call_id", "worker", "detail"})


def test_the_table_of_label_values_is_of_labels_that_there_are() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text().partition("Values of labels")[2]
    named = re.findall(r"^\| `(\w+)`", text, re.MULTILINE)

    assert set(named) <= {label for family in ALL for label in family.labels}
    assert len(named) == 8
