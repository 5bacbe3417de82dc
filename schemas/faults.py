"""From pydantic's errors to `Undecodable`: the first fault, by its path, in words for the one who has to mend it."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.dates import DAY_PATTERN, DAY_WANTED, MOMENT_PATTERN, MOMENT_WANTED
from schemas.errors import Undecodable, json_name
from schemas.text import ONE_LINE, PRINTABLE_ASCII, SEVERAL_LINES, VISIBLE_ASCII

_DETAIL_CHARS = 500
_PATTERNS = {
    ONE_LINE: "must be one line without control characters",
    SEVERAL_LINES: "must not hold control characters other than line breaks and tabs",
    VISIBLE_ASCII: "must be ASCII without spaces and control characters",
    PRINTABLE_ASCII: "must be ASCII without control characters",
    DAY_PATTERN: DAY_WANTED,
    MOMENT_PATTERN: MOMENT_WANTED,
}
_TYPES = {
    "string_type": "a string",
    "bool_type": "true or false",
    "tuple_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "dataclass_type": "an object",
    "model_attributes_type": "an object",
}


def undecodable(prefix: str, error: ValidationError) -> Undecodable:
    """The first fault of `error`, its path below `prefix` (`data` or nothing)."""
    faults = error.errors(include_url=False)
    first = faults[0]
    context = first.get("ctx", {})
    path = ".".join(str(part) for part in (prefix, *first["loc"], context.get("field", "")) if part != "")
    if not path:
        return Undecodable("undecodable", f"must be a JSON object, not {json_name(first['input'])}")
    reason = "totals" if first["type"] == "totals" else "invalid"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return Undecodable(reason, f"{path}: {_words(first, context)}"[:_DETAIL_CHARS] + more)


def _words(fault: ErrorDetails, context: dict[str, Any]) -> str:
    kind, came = fault["type"], fault["input"]
    if "text" in context:
        return str(context["text"])
    if kind == "missing":
        return "is required"
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}, not {json_name(came)}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
    if kind.endswith(("too_long", "too_short")):
        bound = f"at most {context['max_length']}" if "max_length" in context else f"at least {context['min_length']}"
        return f"must have {bound} {'characters' if kind.startswith('string') else 'items'}, not {len(came)}"
    text = fault["msg"].removeprefix("Value error, ").removeprefix("Input ").replace("should", "must", 1)
    return text[:1].lower() + text[1:]
