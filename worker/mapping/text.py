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
    return " ".join(value.split())[:longest].rstrip()


def email(value: str) -> str:
    """The address, or nothing where Xero would refuse it: it takes ASCII only, and dots and hyphens where they belong.

    https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
    """
    stripped = value.strip()
    return stripped if _EMAIL.fullmatch(stripped) else ""
