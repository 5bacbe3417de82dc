"""The Kubernetes manifests: well-formed, without rights, probed, closed to the network, and their settings load."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.prepare import prepare
from tests.support.prometheus_files import alerts
from tests.support.settings_cases import KEY
from worker.settings import load

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
DEPLOYMENTS = ("worker", "agent", "console")
SECRETS = {
    "broker_url": "amqps://xerelay_worker:secret@rabbitmq.example.com:5671/%2F",
    "ledger_password": "secret",
    "encryption_key": KEY,
    "client_secret": "secret",
    "consumer_key": "secret",
    "consumer_secret": "secret",
    "access_token": "secret",
    "access_token_secret": "secret",
}


def closed(**properties: Any) -> dict[str, Any]:
    """An object with all of these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


NAME = {"type": "string", "pattern": "^[a-z]([a-z-]*[a-z])?$"}
PROBE = {
    "type": "object",
    "required": ["httpGet", "periodSeconds"],
    "properties": {"httpGet": closed(path={"enum": ["/healthz", "/readyz"]}, port={"const": "http"})},
}
CONTAINER = closed(
    name=NAME,
    image={"type": "string", "pattern": r"^xerelay:\d+\.\d+\.\d+$"},
    args={"type": "array", "items": {"type": "string"}},
    env={"type": "array", "items": closed(name={"pattern": "^XERELAY_"}, value={"type": "string"})},
    ports={"type": "array", "items": closed(name={"const": "http"}, containerPort={"type": "integer"})},
    startupProbe=PROBE,
    livenessProbe=PROBE,
    readinessProbe=PROBE,
    securityContext=closed(
        allowPrivilegeEscalation={"const": False},
        readOnlyRootFilesystem={"const": True},
        capabilities={"const": {"drop": ["ALL"]}},
    ),
    resources=closed(
        requests=closed(cpu={"type": "string"}, memory={"type": "string"}), limits=closed(memory={"type": "string"})
    ),
    volumeMounts={"type": "array", "items": {"required": ["name", "mountPath"]}},
)
POD = {
    "type": "object",
    "required": ["automountServiceAccountToken", "enableServiceLinks", "securityContext", "containers", "volumes"],
    "properties": {
        "automountServiceAccountToken": {"const": False},
        "enableServiceLinks": {"const": False},
        "terminationGracePeriodSeconds": {"type": "integer", "exclusiveMinimum": 10},
        "securityContext": closed(
            runAsNonRoot={"const": True},
            runAsUser={"const": 10001},
            runAsGroup={"const": 10001},
            fsGroup={"const": 10001},
            seccompProfile={"const": {"type": "RuntimeDefault"}},
        ),
        "containers": {"type": "array", "minItems": 1, "maxItems": 1, "items": CONTAINER},
    },
}


def documents() -> list[dict[str, Any]]:
    return [document for path in sorted(FOLDER.glob("*.yaml")) for document in yaml.safe_load_all(path.read_text())]


def the(kind: str, name: str) -> dict[str, Any]:
    (found,) = [one for one in documents() if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = the("Deployment", name)["spec"]["template"]["spec"]
    return spec


def test_there_is_what_it_takes() -> None:
    kinds = {one["kind"] for one in documents()}

    assert kinds == {"Namespace", "ConfigMap", "Deployment", "PodDisruptionBudget", "NetworkPolicy", "Service"}
    assert {one["metadata"].get("namespace") for one in documents() if one["kind"] != "Namespace"} == {"xerelay"}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_pod_is_well_formed_without_rights_and_probed(name: str) -> None:
    errors = jsonschema.Draft202012Validator(POD).iter_errors(pod(name))

    assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_finds_its_own_pods_and_its_volumes(name: str) -> None:
    spec = the("Deployment", name)["spec"]
    (container,) = pod(name)["containers"]

    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod(name)["volumes"]}
    assert [one for one in container["volumeMounts"] if one["name"] != "tmp" and not one["readOnly"]] == []


@pytest.mark.parametrize("name", ["worker", "agent"])
def test_a_disruption_leaves_somebody_at_work(name: str) -> None:
    budget, deployment = the("PodDisruptionBudget", name)["spec"], the("Deployment", name)["spec"]

    assert budget["selector"] == deployment["selector"]
    assert 0 < budget["minAvailable"] < deployment["replicas"]


def test_each_role_is_given_its_own_broker_user() -> None:
    sources = {}
    for name in DEPLOYMENTS:
        (volume,) = [one for one in pod(name)["volumes"] if one["name"] == "secrets"]
        sources[name] = [source["secret"]["name"] for source in volume["projected"]["sources"]]

    assert sources == {
        "worker": ["xerelay", "xerelay-worker"],
        "agent": ["xerelay", "xerelay-agent"],
        "console": ["xerelay", "xerelay-admin"],
    }


def test_nothing_comes_in_but_what_reads_the_metrics() -> None:
    policy = the("NetworkPolicy", "xerelay")["spec"]
    outwards = {port["port"] for rule in policy["egress"] for port in rule["ports"]}

    assert (policy["podSelector"], policy["policyTypes"]) == ({}, ["Ingress", "Egress"])
    assert [rule["ports"] for rule in policy["ingress"]] == [[{"port": 9100, "protocol": "TCP"}]]
    assert all(rule["from"] for rule in policy["ingress"])
    assert outwards == {53, 5671, 5432, 443}


def test_no_service_gives_pods_variables_that_are_taken_for_settings() -> None:
    services = [one["metadata"]["name"] for one in documents() if one["kind"] == "Service"]

    assert services
    assert "xerelay" not in services


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_configuration_loads_with_the_secrets_mounted(name: str, tmp_path: Path) -> None:
    for secret, value in SECRETS.items():
        (tmp_path / secret).write_text(value)
    (tmp_path / "admin_token").write_text("a-token-of-the-console-s-own")
    (tmp_path / "ca.pem").touch()
    config = tmp_path / "xerelay.toml"
    text = the("ConfigMap", "xerelay")["data"]["xerelay.toml"]
    config.write_text(re.sub(r"/(?:run/secrets/xerelay|etc/xerelay/tls)/", f"{tmp_path}/", text))
    (container,) = pod(name)["containers"]
    environ = {one["name"]: one["value"].replace("/run/secrets/xerelay", str(tmp_path)) for one in container["env"]}

    settings = load(config, environ)

    assert settings.broker.url.get_secret_value() == SECRETS["broker_url"]
    assert "sslmode=verify-full" in settings.ledger.url.get_secret_value()


def test_the_documented_monitor_finds_the_worker_and_gives_the_job_the_name_that_the_alerts_know() -> None:
    guide = (FOLDER.parents[1] / "docs" / "deploy.md").read_text()
    [block] = re.findall(r"  ```yaml\n(.*?)  ```", guide, re.DOTALL)
    monitor = yaml.safe_load(block)
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    [relabelling] = endpoint["relabelings"]
    (container,) = pod("worker")["containers"]

    selected = monitor["spec"]["selector"]["matchLabels"]
    labels = the("Deployment", "worker")["spec"]["template"]["metadata"]["labels"]

    assert selected.items() <= labels.items()
    assert endpoint["port"] in {port["name"] for port in container["ports"]}
    assert relabelling["targetLabel"] == "job"
    assert f'job="{relabelling["replacement"]}"' in alerts()["XerelayNoWorker"]["expr"]


def test_the_documented_secret_has_every_file_that_the_configuration_names() -> None:
    guide = (FOLDER.parents[1] / "docs" / "deploy.md").read_text()
    text = the("ConfigMap", "xerelay")["data"]["xerelay.toml"]

    named = set(re.findall(r"/run/secrets/xerelay/(\w+)", text))

    assert named == set(SECRETS) - {"broker_url"}
    assert named <= set(re.findall(r"--from-file=(\w+)", guide))


def test_the_configured_store_is_asked_with_signed_requests() -> None:
    text = the("ConfigMap", "xerelay")["data"]["xerelay.toml"]
    [store] = tomllib.loads(text)["stores"].values()

    # Magento takes an access token alone only where an administrator has allowed that
    assert {name.removesuffix("_file") for name in store["auth"]} == {
        "consumer_key", "consumer_secret", "access_token", "access_token_secret",
    }  # fmt: skip


def test_the_documented_secrets_are_made_of_files_that_are_prepared(tmp_path: Path) -> None:
    guide = (FOLDER.parents[1] / "docs" / "deploy.md").read_text()
    named = dict(re.findall(r"--from-file=(\w+)=\./prepared/(\S+)", guide))
    places = re.findall(r"--from-file=\w+=\./prepared/(\S+)", guide)

    prepare(FOLDER.parent / "sandbox.toml", tmp_path)

    assert set(named) == {"broker_url", "ledger_password", "encryption_key", "admin_token"}
    assert {place.split("/")[0] for place in places} >= {"worker", "agent", "admin"}
    assert [place for place in places if not (tmp_path / place).exists()] == []
