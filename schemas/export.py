"""The contract for other languages: a JSON Schema (2020-12) for every message, and one AsyncAPI document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from schemas.asyncapi import asyncapi
from schemas.commands import COMMANDS, command_type
from schemas.entities import Entity
from schemas.envelope import SCHEMA_VERSION, Change, Envelope, data_model, data_schema, event_type
from schemas.nulls import allow_nulls

DIALECT = "https://json-schema.org/draft/2020-12/schema"
GENERATED = Path(__file__).parent / "generated"
EVENT_MODELS: dict[str, type[BaseModel]] = {
    event_type(entity, change): data_model(entity, change) for entity in Entity for change in Change
}
COMMAND_MODELS: dict[str, type[BaseModel]] = {command_type(name): model for name, model in COMMANDS.items()}
MODELS = EVENT_MODELS | COMMAND_MODELS

_ALWAYS = ("specversion", "id", "source", "type", "time", "dataschema", "data")
_OF_EVENTS = ("subject", "organisation", "entityversion")


def documents() -> dict[str, str]:
    """Every generated file: its name and its text."""
    files: dict[str, Any] = {f"{name}.json": message_schema(name) for name in MODELS}
    files["asyncapi.json"] = asyncapi(_schemas(), EVENT_MODELS.keys(), COMMAND_MODELS.keys())
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in files.items()}


def message_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one whole message, such as `store.invoice.changed`. Raises `KeyError`."""
    model = MODELS[name]
    data = model.model_json_schema(schema_generator=_Untitled, ref_template="#/$defs/{model}")
    shared = data.pop("$defs", {})
    schema = {
        "$schema": DIALECT,
        "$id": f"urn:xerelay:message:{name}:{SCHEMA_VERSION}",
        "title": name,
        **_envelope(name in EVENT_MODELS),
        "properties": {**_attributes(), **_of_message(name, f"#/$defs/{model.__name__}")},
        "$defs": dict(sorted({**shared, model.__name__: data}.items())),
    }
    allow_nulls(schema)
    return schema


def write(directory: Path) -> list[Path]:
    """Write every file and remove what is no longer one of them."""
    directory.mkdir(parents=True, exist_ok=True)
    files = documents()
    for path in directory.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8", newline="\n")
    return [directory / name for name in files]


def stale(directory: Path) -> list[str]:
    """Names of files that are missing, differ from the models, or belong to no message."""
    files = documents()
    there = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.json")}
    return sorted(name for name in files.keys() | there.keys() if files.get(name) != there.get(name))


def _schemas() -> dict[str, Any]:
    """All models and both envelopes, as the components of one document."""
    found: dict[str, Any] = {}
    for model in MODELS.values():
        data = model.model_json_schema(schema_generator=_Untitled, ref_template="#/components/schemas/{model}")
        found |= {**data.pop("$defs", {}), model.__name__: data}
    for title, of_event in (("EventEnvelope", True), ("CommandEnvelope", False)):
        found[title] = {**_envelope(of_event), "properties": _attributes()}
    for schema in found.values():
        allow_nulls(schema)
    for name in MODELS:
        found[name] = {
            "allOf": [{"$ref": f"#/components/schemas/{'Event' if name in EVENT_MODELS else 'Command'}Envelope"}],
            "type": "object",
            "properties": _of_message(name, f"#/components/schemas/{MODELS[name].__name__}"),
        }
    return dict(sorted(found.items()))


def _envelope(of_event: bool) -> dict[str, Any]:
    return {"type": "object", "required": [*_ALWAYS, *(_OF_EVENTS if of_event else ())]}


def _attributes() -> dict[str, Any]:
    properties = Envelope.model_json_schema(schema_generator=_Untitled)["properties"]
    for attribute in properties.values():
        if "anyOf" in attribute:
            attribute.update(attribute.pop("anyOf")[0])
        attribute.pop("default", None)
    return dict(properties)


def _of_message(name: str, data: str) -> dict[str, Any]:
    return {"type": {"const": name}, "dataschema": {"const": data_schema(name)}, "data": {"$ref": data}}


class _Untitled(GenerateJsonSchema):
    """Pydantic's schema without a title for every field, which only repeats its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Say no."""
        del schema
        return False
