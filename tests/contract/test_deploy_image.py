"""What the Dockerfile promises of every container: small, of locked parts, without rights, and watched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGE = re.compile(r"^(?:[a-z0-9_-]+/)?[a-z0-9_-]+:[\w.${}-]+$")
"""A name without a registry's host, and a tag."""


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile with its arguments, continuation lines joined, comments left out."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines()) if name]


def all_of(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def test_stages_start_from_tagged_images_without_a_registry() -> None:
    bases = [rest.split()[0] for rest in all_of("FROM")]

    assert len(bases) >= 2
    assert [base for base in bases if not IMAGE.match(base) or base.endswith("latest")] == []


def test_the_container_has_no_rights_and_no_shell_in_front() -> None:
    last_stage = instructions()[max(n for n, (name, _) in enumerate(instructions()) if name == "FROM") :]
    users = [rest for name, rest in last_stage if name == "USER"]

    assert users == ["10001:10001"]
    assert [json.loads(rest) for name, rest in last_stage if name == "ENTRYPOINT"] == [["xerelay"]]
    assert not any(name == "ADD" or rest.startswith("--chown") for name, rest in last_stage)


def test_only_hashed_wheels_are_installed() -> None:
    commands = [command for rest in all_of("RUN") for command in rest.split("&&") if "pip install" in command]

    assert len(commands) == 3
    assert [c for c in commands if "--require-hashes" not in c and not ("--no-deps" in c and "--no-index" in c)] == []


def test_where_packages_come_from_is_not_written_down() -> None:
    assert [rest for rest in all_of("ARG") if rest.startswith("PIP_") and "=" in rest] == []
    assert not any("INDEX" in rest or "http" in rest for rest in all_of("ENV"))


def test_health_is_asked_where_the_endpoint_listens() -> None:
    (check,) = all_of("HEALTHCHECK")
    environment = dict(re.findall(r"(\w+)=(\S+)", " ".join(all_of("ENV"))))

    assert f"http://127.0.0.1:{environment['XERELAY_HTTP__PORT']}/healthz" in check
    assert environment["XERELAY_HTTP__PORT"] in all_of("EXPOSE")[0].split()
    assert "timeout=" in check


def test_the_context_has_what_is_copied_and_nothing_private() -> None:
    ignore = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    copied = {source for rest in all_of("COPY") if "--from" not in rest for source in rest.split()[:-1]}

    assert ignore[0] == "*"
    assert copied == allowed
    assert all((ROOT / source).exists() for source in copied)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_every_package_of_the_image_is_pinned_by_hash(lock: str) -> None:
    packages = re.findall(r"^[a-z0-9][\w.\[\]-]*==.*(?:\n +.*)*", (ROOT / lock).read_text(), re.MULTILINE)

    assert packages
    assert [package.split("==")[0] for package in packages if "--hash=sha256:" not in package] == []


def test_the_build_backend_is_the_one_that_is_locked_for_development() -> None:
    pins = {}
    for lock in ("requirements-build.lock", "requirements-dev.lock"):
        pins[lock] = set(re.findall(r"^([\w.-]+==[^\s;]+)", (ROOT / lock).read_text(), re.MULTILINE))

    assert pins["requirements-build.lock"] <= pins["requirements-dev.lock"]
