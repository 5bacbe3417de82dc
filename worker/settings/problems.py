"""What is wrong with a configuration, one line for each key: what was expected, what came, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from os.path import isdir
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.entities import Entity
from worker.settings.fields import annotation_in, is_path, is_secret, keys_of, named_section_of, section_of, table_at

_SHOWN = 60
_KEY = "[key]"
_TABLES = frozenset({"model_type", "dict_type"})
"""Findings that say a table was expected."""

_EXPECTED = {
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number such as 0.25",
    "float_type": "a number such as 0.25",
    "decimal_parsing": 'a decimal such as "0.05"',
    "decimal_type": 'a decimal such as "0.05"',
    "string_type": 'text in quotes, such as "200"',
    "path_type": "the path of a file",
    "date_type": "a date such as 2026-01-31",
    "date_parsing": "a date such as 2026-01-31",
    "date_from_datetime_parsing": "a date such as 2026-01-31",
    "date_from_datetime_inexact": "a date such as 2026-01-31",
    "model_type": "a table of keys, such as [section] with key = value below it",
    "dict_type": "a table of keys, such as [section] with key = value below it",
    "tuple_type": 'a list, such as ["books@example.com"]',
    "frozen_set_type": 'a list, such as ["banktransfer"]',
    "finite_number": "a number that is finite",
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "less_than": "less than {lt}",
    "string_too_short": "text of at least {min_length} character(s)",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "too_short": "at least one entry",
}


class Problem(NamedTuple):
    """A key, or the place it came from, and what is wrong with it. In place of a value it says why there is none."""

    path: str
    text: str


class Contradiction(ValueError):
    """Keys of one section are each right alone, and wrong together. The problems' paths begin at the section."""

    def __init__(self, found: Iterable[Problem]) -> None:
        self.problems = tuple(found)
        super().__init__("; ".join(f"{problem.path}: {problem.text}" for problem in self.problems))


class SettingsError(Exception):
    """The configuration cannot be used. `str()` has one line for each problem."""

    def __init__(self, found: Iterable[Problem]) -> None:
        self.problems = tuple(found)
        super().__init__("\n".join(f"{problem.path}: {_one_line(problem.text)}" for problem in self.problems))


def is_likely_a_path(text: str) -> bool:
    """Whether a folder on it is there. Another may be the secret itself, given where its file was meant: hide it."""
    folders = (folder for folder in Path(text).parents if folder.name)
    return any(isdir(one) for one in folders)  # noqa: PTH112 - a Path's own fails where the text is too long for one


def problems(error: ValidationError, model: type[BaseModel], variables: frozenset[str]) -> Iterator[Problem]:
    """Pydantic's findings in our words. `variables` are the environment's names, to say where a key came from."""
    for found in error.errors(include_url=False):
        path = tuple(str(part) for part in found["loc"])
        if isinstance(found["input"], Problem):
            yield found["input"]
            continue
        cause = found.get("ctx", {}).get("error")
        if isinstance(cause, Contradiction):
            yield from (Problem(".".join((*path, problem.path)), problem.text) for problem in cause.problems)
            continue
        variable = "XERELAY_" + "__".join(path).upper()
        origin = f" ({variable})" if variable in variables else ""
        dotted = ".".join(part for part in path if part.strip() and part != _KEY)
        yield Problem(f"{dotted}{origin}", _text(found, path, model))


def _text(found: ErrorDetails, path: tuple[str, ...], model: type[BaseModel]) -> str:
    table = table_at(model, path[:-1])
    if found["type"] == "extra_forbidden":
        return _unknown(path[-1], keys_of(table) if table is not None else ())
    if path[-1] == _KEY:
        return _unknown(path[-2], tuple(Entity)) if found["type"] == "enum" else wrong(found)
    annotation = annotation_in(table, path[-1])
    if found["type"] == "missing":
        return _missing(path, annotation)
    if found["type"] in _TABLES and _is_named(path, model):
        return f"expected a table of keys, such as [{path[-2]}.NAME] with key = value below it"
    if annotation is None and isinstance(found["input"], dict):
        return f'{wrong(found)}; a key with a dot is written in quotes: "{_dotted(path[-1], found["input"])}" = …'
    return wrong(found) + _came(found, annotation)


def _is_named(path: tuple[str, ...], model: type[BaseModel]) -> bool:
    """Whether `path` ought to be that of a table `[section.NAME]`."""
    return len(path) > 1 and named_section_of(annotation_in(table_at(model, path[:-2]), path[-2])) is not None


def _dotted(key: str, below: Any) -> str:
    """The key that TOML took for tables within tables, as 8.875 for a table 8 with a key 875."""
    while isinstance(below, dict) and below:
        inner, below = next(iter(below.items()))
        key = f"{key}.{inner}"
    return key


def _unknown(key: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(key, known, n=1, cutoff=0.5)
    if close:
        return f'unknown key; did you mean "{close[0]}"?'
    return f"unknown key; known here: {', '.join(known)}" if known else "unknown key"


def _missing(path: tuple[str, ...], annotation: Any) -> str:
    section, named = section_of(annotation), named_section_of(annotation)
    if named is not None:
        return f"missing; add a table [{path[-1]}.NAME]"
    if section is not None:
        needed = ", ".join(key for key, field in section.model_fields.items() if field.is_required())
        return f"missing; add a table [{'.'.join(path)}] with {needed}"
    if is_secret(annotation):
        return f"missing; set it, or {path[-1]}_file, or XERELAY_{'__'.join(path).upper()}"
    return f"missing; add {path[-1]} to [{'.'.join(path[:-1])}]"


def wrong(found: ErrorDetails) -> str:
    """What was expected, in our words."""
    expected = _EXPECTED.get(found["type"])
    if expected is not None:
        return f"expected {expected.format_map(found.get('ctx', {}))}"
    return found["msg"].removeprefix("Value error, ")


def _came(found: ErrorDetails, annotation: Any) -> str:
    """What came, unless it is or may hold a secret. In a table's place it may be one whose table was forgotten."""
    value = found["input"]
    hidden = is_secret(annotation) or section_of(annotation) is not None or named_section_of(annotation) is not None
    hidden = hidden or found["type"] in _TABLES
    shown = str(value)
    hidden = hidden or (is_path(annotation) and not is_likely_a_path(shown))
    if hidden or isinstance(value, dict | list) or "://" in shown:
        return ""
    shown = f"{shown[:_SHOWN]}{'…' if len(shown) > _SHOWN else ''}"
    return f', got "{shown}"' if isinstance(value, str) else f", got {shown}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
