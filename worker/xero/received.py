"""JSON as Xero and its identity host send it, as values that every ledger can keep. Pure."""

from __future__ import annotations

import re
from typing import Any

from worker.literals import decode

NUL = b"\\u0000"
_MARKS = (b"\\u", b"\0")
"""Without an escape, and out of UTF-16, no body that is read holds what is replaced."""

_UNKEPT = re.compile("[\0\ud800-\udfff]")
_INSTEAD = "\ufffd"


def parse(body: bytes) -> Any:
    """The value of `body`, amounts as `Decimal`, with U+FFFD for NUL and half a surrogate pair. Raises `ValueError`.

    PostgreSQL has no text with the first, UTF-8 none with the second. An id with one would be another's, or nobody's.
    """
    try:
        value = decode(body)
        return _kept(value) if any(mark in body for mark in _MARKS) else value
    except RecursionError:
        raise ValueError("it is nested too deeply to be read") from None


def _kept(value: Any, name: str = "") -> Any:
    kind = type(value)
    if kind is dict:
        return {_UNKEPT.sub(_INSTEAD, key): _kept(child, key) for key, child in value.items()}
    if kind is list:
        return [_kept(child, name) for child in value]
    if kind is not str or not _UNKEPT.search(value):
        return value
    if name.lower().endswith("id"):
        raise ValueError(f"its {name} is no id")
    return _UNKEPT.sub(_INSTEAD, value)
