"""Alert and recording rules: Prometheus takes them, their own tests hold, and each alert can be looked up."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.prometheus_files import (
    PROMETHEUS,
    ROOT,
    RULE_TESTS,
    RULES,
    alerts,
    groups,
    named_in,
    recorded,
    scraped,
)
from tests.support.prometheus_server import promtool
from worker.session.interruption import _REASONS, other_tenant, xero_down

RUNBOOK = ROOT / "deploy" / "runbook.md"
PARTS = ("Meaning", "First look", "Cure")


@pytest.fixture(scope="module")
def tool() -> Path:
    """Installed where it is missing; without it these tests fail."""
    return promtool()


def run(tool: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120, cwd=ROOT
    )


def test_prometheus_takes_the_rules_and_the_scrape_configuration(tool: Path) -> None:
    rules = run(tool, "check", "rules", *RULES)
    config = run(tool, "check", "config", PROMETHEUS / "prometheus.yml")

    assert (rules.returncode, config.returncode) == (0, 0), rules.stderr + config.stderr


def test_prometheus_takes_the_alertmanager_that_the_docs_add(tool: Path, tmp_path: Path) -> None:
    docs = (ROOT / "docs" / "metrics.md").read_text()
    [added] = re.findall(r"```yaml\n(alerting:\n.*?)```", docs, re.DOTALL)
    (tmp_path / "prometheus.yml").write_text(added)

    config = run(tool, "check", "config", tmp_path / "prometheus.yml")

    assert config.returncode == 0, config.stderr
    assert "alerting" not in yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())


@pytest.mark.parametrize("tests", RULE_TESTS, ids=lambda tests: tests.stem)
def test_the_rules_own_tests_hold(tool: Path, tests: Path) -> None:
    done = run(tool, "test", "rules", tests)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried_both_ways() -> None:
    tried = [case for path in RULE_TESTS for test in yaml.safe_load(path.read_text())["tests"]
             for case in test.get("alert_rule_test", [])]  # fmt: skip
    fires = {case["alertname"] for case in tried if case["exp_alerts"]}
    rests = {case["alertname"] for case in tried if not case["exp_alerts"]}

    assert fires == rests == set(alerts())


def test_every_recorded_figure_is_asked_for() -> None:
    asked = "\n".join(path.read_text() for path in (*RULE_TESTS, *(ROOT / "deploy" / "grafana").rglob("*.json")))
    asked += "\n".join(rule["expr"] for rule in alerts().values())

    assert {name for name in recorded() if name not in asked} == set()


def test_rules_ask_only_for_what_there_is() -> None:
    expressions = [rule["expr"] for group in groups() for rule in group["rules"]]

    assert {name for one in expressions for name in named_in(one)} - scraped() - recorded() == set()


def test_every_alert_has_its_entry_in_the_runbook_and_no_entry_is_of_an_alert_that_is_gone() -> None:
    headings = re.findall(r"^### (\w+)$", RUNBOOK.read_text(), re.MULTILINE)

    assert sorted(headings) == sorted(alerts())
    for name, rule in alerts().items():
        assert rule["annotations"]["runbook"] == f"deploy/runbook.md#{name.lower()}"


def test_every_entry_says_what_it_means_where_to_look_and_what_cures_it() -> None:
    entries = re.split(r"^### ", RUNBOOK.read_text(), flags=re.MULTILINE)[1:]

    for entry in entries:
        assert tuple(re.findall(r"^- \*\*([^*]+)\*\*", entry, re.MULTILINE)) == PARTS, entry


def test_an_entry_is_as_severe_as_its_alert() -> None:
    said = dict(re.findall(r"^### (\w+)\n\n- \*\*Meaning\*\*, (critical|warning):", RUNBOOK.read_text(), re.MULTILINE))

    assert said == {name: rule["labels"]["severity"] for name, rule in alerts().items()}


def test_every_reason_for_a_pause_has_an_alert_and_stands_in_the_runbook() -> None:
    budget = {f"{limit}_budget_spent" for limit in ("day", "minute", "in_flight", "app_minute")}
    reasons = {*_REASONS.values(), xero_down().reason, other_tenant("one", "two").reason, *budget}
    matchers = [
        pattern for rule in alerts().values() for pattern in re.findall(r'kind="all", reason=~?"([^"]+)"', rule["expr"])
    ]

    for reason in reasons:
        assert [pattern for pattern in matchers if re.fullmatch(pattern, reason)], reason
        assert reason in RUNBOOK.read_text() or reason == "xero_unavailable", reason


def test_the_parked_reasons_are_where_the_runbook_says() -> None:
    targets = re.findall(r"\(\.\./docs/parked\.md#([a-z-]+)\)", RUNBOOK.read_text())
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "parked.md").read_text(), re.MULTILINE)

    # test_parked_docs holds the reasons themselves against the code
    assert targets == [re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-") for heading in headings]
