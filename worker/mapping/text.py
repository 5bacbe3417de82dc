"""Text as Xero takes it."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")


day = lru_cache(1024)(date.isoformat)
"""A date as Xero takes it. The documents of a day come together."""


def one_line(value: str, longest: int) -> str:
    """Without spaces at the ends and repeated ones; cut to `longest`."""
    line = " ".join(value.split())
    return line if 2 * len(line) <= longest else cut(line, longest).rstrip()


def cut(text: str, longest: int) -> str:
    """Its beginning: at most `longest` units of UTF-16, for Xero does not say what it counts, and more it cannot be."""
    if text.isascii():
        return text[:longest]
    return text[:longest].encode("utf-16-le")[: 2 * longest].decode("utf-16-le", "ignore")


def email(value: str) -> str:
    """The address, or nothing where Xero would refuse it: it takes ASCII only, and dots and hyphens where they belong.

    https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
    """
    stripped = value.strip()
    return stripped if _EMAIL.fullmatch(stripped) else ""
