"""A field that is `null` and one that is left out mean the same: in what is read, and in what the contract says.

Serialisers of many languages write every field they know. Elements of arrays are not fields: there `null` is a fault.
"""

from __future__ import annotations

from typing import Any


def without_nulls(value: Any) -> Any:
    """The same JSON value without members that are null, at every depth."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(element) for element in value]
    return value


def allow_nulls(schema: Any) -> None:
    """Let a JSON Schema take null for each field that is not required, at every depth; it is changed in place."""
    if isinstance(schema, list):
        for element in schema:
            allow_nulls(element)
    if not isinstance(schema, dict):
        return
    for member in schema.values():
        allow_nulls(member)
    for name, field in schema.get("properties", {}).items():
        if name not in schema.get("required", ()):
            _allow_null(field)


def _allow_null(field: dict[str, Any]) -> None:
    if {"type": "null"} in field.get("anyOf", ()):
        return
    if isinstance(field.get("type"), str) and not field.keys() & {"const", "enum"}:
        field["type"] = [field["type"], "null"]
        return
    said = {word: field.pop(word) for word in list(field) if word not in {"default", "description"}}
    field["anyOf"] = [*said.get("anyOf", [said]), {"type": "null"}]
