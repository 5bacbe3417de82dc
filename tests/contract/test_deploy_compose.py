"""The compose file: well-formed, nothing beyond this machine, every container with its own secrets and no rights."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from schemas.codec import MAX_BODY_BYTES
from worker.settings.sections import ConnectionSettings

ROOT = Path(__file__).parents[2]
ROLES = ("prepare", "worker", "agent", "console", "xero", "shop")
OWN_SECRETS = {
    "rabbitmq": "secrets-broker",
    "postgres": "secrets-postgres",
    "worker": "secrets-worker",
    "agent": "secrets-agent",
    "console": "secrets-admin",
    "grafana": "secrets-grafana",
}

STRINGS = {"type": "array", "items": {"type": "string"}}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m)$"}
SERVICE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["image", "restart", "logging"],
    "properties": {
        "image": {"type": "string", "pattern": r"^([a-z0-9_-]+/)?[a-z0-9_-]+:(?!latest)[\w.${}:-]+$"},
        "build": {"const": {"context": "."}},
        "init": {"const": True},
        "hostname": {"type": "string"},
        "command": STRINGS,
        "entrypoint": STRINGS,
        "environment": TEXTS,
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^127\.0\.0\.1:\d+:\d+$"}},
        "volumes": {"type": "array", "items": {"type": "string", "pattern": r"^[^:]+(:-[^:]+)?:/[^:]+(:ro)?$"}},
        "tmpfs": STRINGS,
        "read_only": {"const": True},
        "cap_drop": {"const": ["ALL"]},
        "security_opt": {"const": ["no-new-privileges:true"]},
        "restart": {"enum": ["no", "unless-stopped"]},
        "stop_grace_period": DURATION,
        "logging": {
            "type": "object",
            "properties": {"options": TEXTS | {"required": ["max-size", "max-file"]}},
            "required": ["driver", "options"],
        },
        "profiles": {"const": ["sandbox"]},
        "deploy": {"const": {"replicas": 2}},
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["condition"],
                "properties": {"condition": {"enum": ["service_healthy", "service_completed_successfully"]}},
            },
        },
        "healthcheck": {
            "oneOf": [
                {"const": {"disable": True}},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["test", "interval", "timeout", "start_period"],
                    "properties": {
                        "test": STRINGS | {"prefixItems": [{"const": "CMD"}]},
                        "interval": DURATION,
                        "timeout": DURATION,
                        "start_period": DURATION,
                        "retries": {"type": "integer"},
                    },
                },
            ]
        },
    },
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["services", "volumes"],
    "patternProperties": {"^x-": True},
    "properties": {
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"const": {}}},
    },
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Where each source is mounted."""
    pairs = (re.fullmatch(r"(.+?):(/[^:]+)(:ro)?", volume) for volume in service.get("volumes", []))
    return {pair[1]: pair[2] for pair in pairs if pair}


def test_it_is_well_formed_and_listens_on_this_machine_alone(compose: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    errors = jsonschema.Draft202012Validator(SCHEMA).iter_errors(compose)

    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_it_has_every_part_and_the_sandbox_only_when_asked(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert set(services) == {
        "prepare",
        "rabbitmq",
        "postgres",
        "worker",
        "agent",
        "console",
        "prometheus",
        "grafana",
    } | {
        "xero",
        "shop",
    }
    assert [name for name, service in services.items() if "profiles" in service] == ["xero", "shop"]


def test_no_page_sends_people_to_connect_beside_the_console_that_has_the_port(compose: dict[str, Any]) -> None:
    port = ConnectionSettings.model_fields["redirect_port"].default
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").glob("*.md")]

    beside = [page.name for page in pages if re.search(r"exec \S+ xerelay connect", page.read_text())]

    assert f"127.0.0.1:{port}:{port}" in compose["services"]["console"]["ports"]
    assert beside == []


def test_what_is_named_is_there(compose: dict[str, Any]) -> None:
    sources = {source for service in compose["services"].values() for source in mounts(service)}
    named = {source for source in sources if not source.startswith((".", "$"))}
    # of the parts of deploy/ that this tree has
    ours = {source for source in sources if source.startswith("./") and (ROOT / source).parents[0].exists()}
    waited_for = {name for service in compose["services"].values() for name in service.get("depends_on", {})}

    assert named == set(compose["volumes"])
    assert waited_for <= set(compose["services"])
    assert [source for source in ours if not (ROOT / source).exists()] == []


@pytest.mark.parametrize("name", ROLES)
def test_our_containers_can_write_nothing_and_gain_nothing(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True


@pytest.mark.parametrize("name", ROLES)
def test_our_containers_have_longer_to_stop_than_they_take(compose: dict[str, Any], name: str) -> None:
    assert int(compose["services"][name]["stop_grace_period"].removesuffix("s")) > 10


def test_each_container_is_given_its_own_secrets_and_reads_only(compose: dict[str, Any]) -> None:
    found = {}
    for name, service in compose["services"].items():
        secrets = [volume for volume in service.get("volumes", []) if volume.startswith("secrets-")]
        if secrets and name != "prepare":
            found[name] = secrets

    assert found == {name: [f"{volume}:/run/secrets/xerelay:ro"] for name, volume in OWN_SECRETS.items()}


def test_the_broker_takes_its_definitions_from_its_secrets_and_messages_as_large_as_ours() -> None:
    lines = (ROOT / "deploy" / "rabbitmq" / "rabbitmq.conf").read_text().splitlines()
    settings = dict(line.split(" = ") for line in lines if line and not line.startswith("#"))

    assert settings["load_definitions"] == "/run/secrets/xerelay/definitions.json"
    assert MAX_BODY_BYTES < int(settings["max_message_size"]) <= 2 * MAX_BODY_BYTES


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    telling = re.compile(r"(URL|KEY|TOKEN|SECRET|PASSWORD)$")
    found = [key for service in compose["services"].values() for key in service.get("environment", {})]

    assert [key for key in found if telling.search(key)] == []
