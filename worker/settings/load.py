"""From a TOML file and environment variables to `Settings`.

The environment goes over the file. Both are read into one nested table first and checked by one model, so that
a variable that matches nothing is refused as an unknown key of the file is.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from worker.settings.files import resolve_files
from worker.settings.ledger import with_access
from worker.settings.model import Settings
from worker.settings.problems import Problem, SettingsError, problems

PREFIX = "XERELAY_"
CONFIG = "XERELAY_CONFIG"
DEFAULT_PATH = Path("xerelay.toml")
_JSON_STARTS = ("{", "[")
_NO_FILE = Problem(str(DEFAULT_PATH), f"is not in this folder; go to it, or give its path with --config or {CONFIG}")


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read and check everything. `path` absent: `XERELAY_CONFIG`, else `xerelay.toml` where there is one.

    Raises `SettingsError` with one line for every problem found.
    """
    place = _place(path, environ)
    file = resolve_files(_read(place) if place else {}, Settings)
    variables = resolve_files(_environment(environ), Settings)
    try:
        settings = Settings.model_validate(_over(file, variables))
    except ValidationError as error:
        found = list(problems(error, Settings, frozenset(_names(environ))))
        raise SettingsError([_NO_FILE, *found] if place is None and _lacks_a_table(error) else found) from None
    return settings.model_copy(update={"ledger": with_access(settings.ledger)})


def _place(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = path or (Path(environ[CONFIG]) if environ.get(CONFIG) else None)
    return named or (DEFAULT_PATH if DEFAULT_PATH.exists() else None)


def _lacks_a_table(error: ValidationError) -> bool:
    """Whether a file was expected: whoever gives all by the environment does not leave out a whole section."""
    return any(found["type"] == "missing" and len(found["loc"]) == 1 for found in error.errors(include_url=False))


def _read(place: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(place.read_text(encoding="utf-8-sig"))  # some editors of Windows begin it with a mark
    except OSError as error:
        text = f"cannot be read: {error.strerror}; give the path of the configuration with --config or {CONFIG}"
        shown = CONFIG if "\n" in str(place) else str(place)  # the configuration itself has secrets
        raise SettingsError([Problem(shown, text)]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([Problem(str(place), f"not a TOML file: {error}")]) from None
    except RecursionError:
        raise SettingsError([Problem(str(place), "not a configuration: it is nested too deeply")]) from None


def _names(environ: Mapping[str, str]) -> list[str]:
    return sorted(name for name in environ if name.startswith(PREFIX) and name != CONFIG)


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name in _names(environ):
        *sections, key = name.removeprefix(PREFIX).lower().split("__")
        table = tree
        for section in sections:
            table = table.setdefault(section, {})
            if not isinstance(table, dict):
                raise SettingsError([Problem(name, "another variable sets the whole section; use one of the two")])
        if not key or key in table:
            raise SettingsError([Problem(name, f"expected {PREFIX}SECTION__KEY, one variable for each key")])
        if not _is_text(environ[name]):
            raise SettingsError([Problem(name, "expected text in UTF-8; it was set in another encoding")])
        table[key] = _value(environ[name])
    return tree


def _is_text(value: str) -> bool:
    """Whether all of it is: Python keeps bytes that are no UTF-8 as letters that nothing can write."""
    return value.encode(errors="replace").decode() == value


def _value(text: str) -> Any:
    """A whole table or list may be given as JSON, which also keeps the case of its keys."""
    if not text.startswith(_JSON_STARTS):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
