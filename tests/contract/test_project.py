"""What the repository promises about itself."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from worker.settings import load

ROOT = Path(__file__).parents[2]
LONGEST = 300
GENERATED = ("schemas/generated/", "requirements", "deploy/grafana/dashboards/")

# words that would tie the repository to one machine or one package registry
MACHINE = re.compile(r"(?<![\w.])/(?:root|home|work|opt|mnt|Users)/[\w.]")
REGISTRY = re.compile(
    r"p[y]pi\.|files\.pythonh[o]sted|pkg\.dev|jfrog|nexus|index-url|find-links|registry\.n[p]mjs", re.IGNORECASE
)
ALLOWED = {
    "Makefile": "--no-emit-index-url",  # keeps the lock files free of them
    "tests/contract/test_project.py": "",  # names them
}


@cache
def tracked() -> dict[str, str]:
    """Every text file of the repository, by its path. Pictures are not."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    files = [name for name in names.decode().split("\0") if (ROOT / name).is_file() and not name.endswith(".png")]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in files}


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    lengths = {name: text.count("\n") for name, text in tracked().items() if not name.startswith(GENERATED)}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


@pytest.mark.parametrize("pattern", [MACHINE, REGISTRY], ids=["machine", "registry"])
def test_nothing_names_a_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    found = []
    for name, text in tracked().items():
        allowed = ALLOWED.get(name)
        searched = text.replace(allowed, "") if allowed else text
        if allowed != "":
            found += [f"{name}: {match.group()}" for match in pattern.finditer(searched)]

    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_its_hashes(name: str) -> None:
    packages = re.findall(r"^[a-z0-9][\w.\[\]-]*==.*(?:\n +.*)*", tracked()[name], re.MULTILINE)

    assert len(packages) > 20
    assert [package.split("==")[0] for package in packages if "--hash=sha256:" not in package] == []
    assert "://" not in tracked()[name]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_dependency_is_locked(name: str) -> None:
    text = tracked()["pyproject.toml"]
    wanted = re.findall(
        r'^  "([\w-]+)[^"]*",$', text.partition("dependencies = [")[2].partition("\n]")[0], re.MULTILINE
    )
    locked = set(re.findall(r"^([\w.-]+)(?:\[.*\])?==", tracked()[name], re.MULTILINE))

    assert len(wanted) > 10
    assert set(wanted) <= locked


SECRETS = {
    "XERELAY_LEDGER__ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "XERELAY_CONNECTIONS__XERO__CLIENT_SECRET": "secret",
    "XERELAY_STORES__WEBSHOP__AUTH__ACCESS_TOKEN": "secret",
}


def test_the_example_configuration_needs_only_its_secrets(tmp_path: Path) -> None:
    config = tmp_path / "xerelay.toml"
    config.write_text(tracked()["xerelay.example.toml"])

    settings = load(config, SECRETS)

    assert list(settings.organisations) == ["main"]
