from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from schemas.codec import decode_event, encode_event
from schemas.commands import decode_command, encode_command
from schemas.envelope import Event
from schemas.export import GENERATED, MODELS, documents, message_schema, stale, write
from schemas.topology import organisation_queues, store_queues
from tests.support.sample_invoice import INVOICE, replaced
from tests.support.strategies import events

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples/messages").glob("*.json"))
VALIDATORS = {name: Draft202012Validator(message_schema(name)) for name in MODELS}


def test_the_checked_in_files_are_what_the_models_say() -> None:
    assert stale(GENERATED) == [], "run `xerelay schema export`"


def test_the_export_is_the_same_every_time() -> None:
    assert documents() == documents()


def test_every_message_has_an_example() -> None:
    assert {path.stem.split("--")[0] for path in EXAMPLES} == set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_every_schema_is_a_valid_schema_with_all_its_references(name: str) -> None:
    schema = message_schema(name)

    Draft202012Validator.check_schema(schema)

    assert _unresolved(schema) == set()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_fits_its_schema_and_survives_the_wire(path: Path) -> None:
    body = path.read_bytes()
    message = json.loads(body)

    again = _through_the_codec(body)

    assert path.stem.split("--")[0] == message["type"]
    assert list(VALIDATORS[message["type"]].iter_errors(message)) == []
    assert _through_the_codec(again) == again


def test_the_trading_day_in_lines_is_readable() -> None:
    lines = (ROOT / "examples/day.jsonl").read_bytes().splitlines()

    kinds = {decode_event(line).entity for line in lines}

    assert len(kinds) == 6


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(events())
def test_whatever_is_encoded_fits_its_schema(event: Event) -> None:
    message = json.loads(encode_event(event))

    assert list(VALIDATORS[message["type"]].iter_errors(message)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("data", "totals", "net"), 10.0),
        (("data", "totals", "net"), "10.001"),
        (("data", "date"), "31.01.2026"),
        (("data", "currency"), "euro"),
        (("data", "customer", "name"), ""),
        (("data", "customer", "name"), "a\x00b"),
        (("data", "lines", 0, "kind"), "gadget"),
        (("data", "cancelled"), "no"),
        (("source",), "Demo Store"),
        (("type",), "store.order.changed"),
        (("organisation",), None),
        (("entityversion",), "2026-01-31T09:30:00"),
    ],
)
def test_a_schema_refuses_what_the_worker_refuses(path: tuple[str | int, ...], value: Any) -> None:
    message = replaced(INVOICE, path, value)

    faults = list(VALIDATORS["store.invoice.changed"].iter_errors(message))

    assert faults


def test_a_schema_allows_fields_of_a_later_version() -> None:
    message = replaced(INVOICE, ("data", "loyalty_points"), 12)

    assert list(VALIDATORS["store.invoice.changed"].iter_errors(message)) == []


def test_the_asyncapi_document_holds_every_message_and_queue() -> None:
    document = json.loads(documents()["asyncapi.json"])

    addresses = {channel["address"] for channel in document["channels"].values()}
    queues = {queue.name for queue in (*organisation_queues("{organisation}"), *store_queues("{store}"))}

    assert document["components"]["messages"].keys() == MODELS.keys()
    assert queues <= addresses
    assert _unresolved(document) == set()


def test_a_changed_file_a_missing_one_and_a_stranger_are_stale(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "asyncapi.json").write_text("{}")
    (tmp_path / "xerelay.release.json").unlink()
    (tmp_path / "store.coupon.changed.json").write_text("{}")

    assert stale(tmp_path) == ["asyncapi.json", "store.coupon.changed.json", "xerelay.release.json"]

    write(tmp_path)

    assert stale(tmp_path) == []


def _through_the_codec(body: bytes) -> bytes:
    if json.loads(body)["type"].startswith("store."):
        return encode_event(decode_event(body))
    return encode_command(*decode_command(body))


def _unresolved(document: dict[str, Any]) -> set[str]:
    return {ref for ref in _references(document) if not _resolves(document, ref)}


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(child) for child in value.values()))
    return set().union(*(_references(child) for child in value)) if isinstance(value, list) else set()


def _resolves(document: Any, ref: str) -> bool:
    for part in ref.removeprefix("#/").split("/"):
        if part not in document:
            return False
        document = document[part]
    return True
