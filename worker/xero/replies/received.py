"""JSON as Xero and its identity host send it, as values that every ledger can keep. Pure."""

from __future__ import annotations

import re
from typing import Any

from worker.documents.literals import decode

NUL = b"\\u0000"
_MARKS = (b"\\u", b"\0")
"""Without an escape, and out of UTF-16, no body that is read holds what is replaced."""

_UNKEPT = re.compile("[\0\ud800-\udfff]")
_INSTEAD = "\ufffd"


def parse(body: bytes) -> Any:
    """The value of `body`, amounts as `Decimal`, as `kept` leaves it. Raises `ValueError`."""
    try:
        value = decode(body)
        return kept(value) if any(mark in body for mark in _MARKS) else value
    except RecursionError:
        raise ValueError("it is nested too deeply to be read") from None


def kept(value: Any, name: str = "") -> Any:
    """With U+FFFD for NUL, of which PostgreSQL has no text, and for half a surrogate pair, of which UTF-8 has none.

    `name` is the field's. Raises `ValueError` for an id with one, which would be another's, or nobody's.
    """
    kind = type(value)
    if kind is dict:
        return {_UNKEPT.sub(_INSTEAD, key): kept(child, key) for key, child in value.items()}
    if kind is list:
        return [kept(child, name) for child in value]
    if kind is not str or not _UNKEPT.search(value):
        return value
    if name.lower().endswith("id"):
        raise ValueError(f"its {name} is no id")
    return _UNKEPT.sub(_INSTEAD, value)
