"""The rules and dashboards of this repository, as tests look at them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from worker.metrics.families import ALL
from worker.metrics.family import Type

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
GRAFANA = ROOT / "deploy" / "grafana"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
_NAME = re.compile(r"\b(?:\w+:)?xerelay_\w+(?::\w+)?")


def groups() -> list[dict[str, Any]]:
    """Every group of rules."""
    return [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]


def alerts() -> dict[str, dict[str, Any]]:
    """Alert rules by name."""
    return {rule["alert"]: rule for group in groups() for rule in group["rules"] if "alert" in rule}


def recorded() -> set[str]:
    """The names of recorded figures."""
    return {rule["record"] for group in groups() for rule in group["rules"] if "record" in rule}


def scraped() -> set[str]:
    """The names of samples that workers and agents show."""
    names = {family.name for family in ALL}
    for family in ALL:
        if family.type is Type.HISTOGRAM:
            names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return names


def named_in(expression: str) -> set[str]:
    """The metrics of ours that an expression asks for."""
    return set(_NAME.findall(expression))


def dashboard(path: Path) -> dict[str, Any]:
    """One dashboard."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The panels that show something; rows only part them."""
    yield from (panel for panel in board["panels"] if panel["type"] != "row")


def expressions(panel: dict[str, Any]) -> list[str]:
    """What a panel asks."""
    return [target["expr"] for target in panel["targets"]]
