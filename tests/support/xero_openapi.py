"""Xero's OpenAPI file, from the variable XERO_OPENAPI or beside the repository, and payloads held against it.

https://github.com/XeroAPI/Xero-OpenAPI
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from jsonschema import Draft4Validator

from worker.ledger.records import Composed

Json = dict[str, Any]

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "xero_accounting.yaml"
OPENAPI = Path(os.environ.get("XERO_OPENAPI", _BESIDE))
MISSING = "no xero_accounting.yaml: name it by XERO_OPENAPI"
_ASSERTING = {"enum", "maxLength", "minLength", "pattern", "required", "minimum", "maximum", "maxItems", "minItems"}
_IDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def load_openapi() -> Json:
    """The file as it is."""
    with OPENAPI.open(encoding="utf-8") as file:
        loaded: Json = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


class _Node(NamedTuple):
    """One schema; a plain one says nothing but the type, which is quick to see."""

    validator: Draft4Validator
    schema_is_plain: bool


class Requests:
    """The schemas of what calls send: types, required fields, lengths, choices, and no field that Xero lacks.

    Each value is held against the keywords of its own schema. References are followed here: schemas refer to each other
    in circles, and a validator of the whole file takes seconds for a call.
    """

    def __init__(self, openapi: Json) -> None:
        self._schemas = openapi["components"]["schemas"]
        self._paths = {_shape(path): operations for path, operations in openapi["paths"].items()}
        self._nodes: dict[int, _Node] = {}
        self.checked = 0

    def check(self, composed: Composed) -> None:
        """Fails where the call's body is not one that its operation takes. Deletions have none."""
        if composed.method == "DELETE":
            return
        operation = self._paths[_shape(_IDS.sub("{id}", composed.path))][composed.method.lower()]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        wrong = list(self._wrong(json.loads(composed.body), schema, ""))
        assert not wrong, (composed.method, composed.path, wrong[:5])
        self.checked += 1

    def _wrong(self, value: Any, schema: Json, path: str) -> Iterator[str]:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[-1]]
        node = self._node(schema)
        if not (node.schema_is_plain and node.validator.is_type(value, schema.get("type", "object"))):
            yield from (f"{path}: {error.message}" for error in node.validator.iter_errors(value))
        if isinstance(value, list):
            for one in value:
                yield from self._wrong(one, schema["items"], f"{path}[]")
        elif isinstance(value, dict):
            for name, child in value.items():
                if name in schema["properties"]:
                    yield from self._wrong(child, schema["properties"][name], f"{path}.{name}")
                else:
                    yield f"{path}.{name}: xero has no such field"

    def _node(self, schema: Json) -> _Node:
        """The keywords of one schema, without those of what is in it."""
        if id(schema) not in self._nodes:
            own = {name: value for name, value in schema.items() if name not in ("properties", "items")}
            self._nodes[id(schema)] = _Node(Draft4Validator(own), not own.keys() & _ASSERTING)
        return self._nodes[id(schema)]


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{id}", path)
