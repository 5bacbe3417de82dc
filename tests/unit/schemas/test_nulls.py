"""A field that is null and one that is left out mean the same, as serialisers that write every field need it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.codec import decode_event
from schemas.commands import decode_command
from schemas.errors import Undecodable
from schemas.export import EVENT_MODELS, message_schema
from tests.support.sample_invoice import INVOICE, replaced

MESSAGES = sorted((Path(__file__).parents[3] / "examples/messages").glob("*.json"))


def _nulled(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    """The same value with null for every field of its schema that it leaves out."""
    for choice in schema.get("anyOf", ()):
        if choice != {"type": "null"}:
            schema = choice
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, list):
        return [_nulled(element, schema["items"], definitions) for element in value]
    if not isinstance(value, dict):
        return value
    fields = schema["properties"]
    return dict.fromkeys(fields) | {name: _nulled(value[name], fields[name], definitions) for name in value}


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_a_message_with_null_for_all_it_leaves_out_is_the_same_message(path: Path) -> None:
    message = json.loads(path.read_text())
    schema = message_schema(message["type"])

    nulled = _nulled(message, schema, schema["$defs"])

    decode: Any = decode_event if message["type"] in EVENT_MODELS else decode_command
    assert nulled != message
    assert decode(json.dumps(nulled).encode()) == decode(path.read_bytes())
    assert list(Draft202012Validator(schema).iter_errors(nulled)) == []


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (("data", "totals"), "data.totals: is required"),
        (("data", "customer", "name"), "data.customer.name: is required"),
        (("entityversion",), "entityversion: is required for an event"),
        (("data", "lines", 0), "data.lines.0: must be an object, not null"),
    ],
)
def test_null_is_a_fault_where_something_has_to_be(path: tuple[str | int, ...], detail: str) -> None:
    body = json.dumps(replaced(INVOICE, path, None)).encode()

    with pytest.raises(Undecodable) as refused:
        decode_event(body)

    assert refused.value.detail == detail
