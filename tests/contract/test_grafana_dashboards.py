"""The dashboards fit their provisioning, ask only for what there is, and between them for all of it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.prometheus_files import (
    DASHBOARDS,
    GRAFANA,
    alerts,
    dashboard,
    expressions,
    groups,
    named_in,
    panels,
    recorded,
    scraped,
)
from worker.metrics.families import ALL

each_dashboard = pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)


def provisioned(kind: str) -> dict[str, Any]:
    [path] = (GRAFANA / "provisioning" / kind).glob("*.yml")
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def test_there_is_one_for_all_organisations_and_one_for_each() -> None:
    assert [path.stem for path in DASHBOARDS] == ["organisation", "overview"]


@each_dashboard
def test_every_panel_asks_the_data_source_that_is_provisioned(path: Path) -> None:
    [source] = provisioned("datasources")["datasources"]

    for panel in panels(dashboard(path)):
        asked = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {one["uid"] for one in asked} == {source["uid"]}, panel["title"]


@each_dashboard
def test_no_panel_lies_on_another(path: Path) -> None:
    board = dashboard(path)

    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for one, other in combinations((panel["gridPos"] for panel in board["panels"]), 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"], (one, other)
        assert one["x"] + one["w"] <= 24


@each_dashboard
def test_panels_ask_only_for_what_there_is(path: Path) -> None:
    for panel in panels(dashboard(path)):
        for expression in expressions(panel):
            assert named_in(expression) or "process_" in expression, expression
            assert named_in(expression) - scraped() - recorded() == set(), expression


@each_dashboard
def test_a_figure_of_resyncs_is_of_one_command(path: Path) -> None:
    asked = [one for panel in panels(dashboard(path)) for one in expressions(panel) if "xerelay_resync_" in one]

    assert [one for one in asked if "command" not in one] == []


def test_the_organisations_panels_all_heed_which_one_is_chosen() -> None:
    board = dashboard(GRAFANA / "dashboards" / "organisation.json")

    assert [one["name"] for one in board["templating"]["list"]] == ["organisation"]
    for panel in panels(board):
        for expression in expressions(panel):
            assert expression.count('organisation="$organisation"') == len(named_in_all(expression)), expression


def named_in_all(expression: str) -> list[str]:
    """As `named_in`, each as often as it stands there."""
    return [name for name in named_in(expression) for _ in range(expression.count(f"{name}{{"))]


def test_every_metric_is_looked_at_by_somebody() -> None:
    asked = {name for path in DASHBOARDS for panel in panels(dashboard(path)) for one in expressions(panel)
             for name in named_in(one)}  # fmt: skip
    asked |= {name for group in groups() for rule in group["rules"] for name in named_in(rule["expr"])}

    unseen = {family.name for family in ALL if not any(name.startswith(family.name) for name in asked)}
    assert alerts()
    assert unseen == set()
