"""Secrets that stand in files of their own: `client_secret_file` fills `client_secret`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from worker.settings.fields import annotation_in, is_secret, named_section_of, section_of
from worker.settings.problems import Problem, is_likely_a_path

SUFFIX = "_file"


def resolve_files(table: dict[str, Any], model: type[BaseModel], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """The table with every `KEY_file` of a secret replaced by `KEY`, read from that file, or by why it cannot be."""
    resolved: dict[str, Any] = {}
    secrets: dict[str, str | Problem] = {}
    for key, value in table.items():
        secret = key.removesuffix(SUFFIX)
        if secret != key and is_secret(annotation_in(model, secret)):
            secrets[secret] = _read(value, (*path, key), given=secret in table)
        else:
            resolved[key] = _below(value, annotation_in(model, key), (*path, key))
    return resolved | secrets


def _below(value: Any, annotation: Any, path: tuple[str, ...]) -> Any:
    section, named = section_of(annotation), named_section_of(annotation)
    if not isinstance(value, dict) or (section is None and named is None):
        return value
    if section is not None:
        return resolve_files(value, section, path)
    assert named is not None
    return {
        name: resolve_files(table, named, (*path, name)) if isinstance(table, dict) else table
        for name, table in value.items()
    }


def _read(place: Any, path: tuple[str, ...], *, given: bool) -> str | Problem:
    dotted = ".".join(path)
    if given:
        text = f"{path[-1].removesuffix(SUFFIX)} is set too; use one of the two"
        return Problem(dotted, text)
    if not isinstance(place, str) or "\0" in place:
        return Problem(dotted, "expected the path of a file")
    try:
        secret = Path(place).read_text(encoding="utf-8").strip()
    except OSError as error:
        came = f', got "{place}"' if is_likely_a_path(place) else ""
        return Problem(dotted, f"expected a file that can be read{came}: {(error.strerror or '').lower()}")
    except UnicodeDecodeError:
        return Problem(dotted, f'expected a text file in UTF-8, got "{place}"')
    if not secret:
        return Problem(dotted, f'expected a secret in "{place}", which is empty')
    return secret
