"""Reading single values out of Magento's JSON, which leaves null fields out and writes money as floats. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from schemas.dates import FIRST_YEAR, LAST_YEAR
from schemas.parts import ZERO
from schemas.text import one_line

Raw = Mapping[str, Any]
"""One object of Magento's JSON."""

CENT = Decimal("0.01")
_MOST = 1e12
_LARGE = Decimal(10**9)
_TAKEN = frozenset({int, float, str})
_NONE = Decimal("NaN")
_RATE = Decimal("0.000001")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_NAME = 255
_AMOUNTS = 4096  # prices, their taxes and rates come again and again
_TIMES = 1024  # a document's times are asked for several times in a row


class Unreadable(Exception):
    """A row does not hold what it must, or its figures contradict each other. Says which, and what came."""


def amount(raw: Raw, name: str) -> Decimal:
    """A number as it came; 0 where there is none."""
    value: Any = raw.get(name)
    if value is None:
        return ZERO
    kind = type(value)
    if kind is float or kind is int:
        if not value:
            return ZERO
        if -_MOST < value < _MOST:
            return _exactly(value)
    elif value == "":
        return ZERO
    found = _decimal(value)
    if not found.is_finite():
        raise Unreadable(f"{name} must be a number, not {type(value).__name__}")
    if not -_MOST < found < _MOST:
        raise Unreadable(f"{name} has more digits than money can have")
    return found


@lru_cache(_AMOUNTS, typed=True)
def _exactly(value: float) -> Decimal:
    """A float as it was written: PHP and Python write the shortest text that gives the same float again."""
    return Decimal(repr(value))


def _decimal(value: Any) -> Decimal:
    """What is no usual number: too large a one, or text, as Magento writes some amounts, those of gift wrapping."""
    try:
        return Decimal(value) if type(value) in _TAKEN else _NONE
    except InvalidOperation:
        return _NONE


def cents(value: Decimal) -> Decimal:
    """Rounded to 2 decimals, halves away from zero, as PHP does it; never minus zero.

    Magento rounds every currency to 2 decimals; floats come back with artefacts such as 35.199999999.
    """
    return value.quantize(CENT, ROUND_HALF_UP) + ZERO


def money(raw: Raw, name: str) -> Decimal:
    """An amount in cents; 0 where there is none."""
    return cents(amount(raw, name))


def are_usual(*amounts: Decimal) -> bool:
    """Whether cents are valid for sure where the contract takes money."""
    return all(-_LARGE < one < _LARGE for one in amounts)


def number(value: Any) -> int | None:
    """An id; `None` where there is none. Magento writes ids as numbers or as text."""
    if type(value) is int:
        return value
    try:
        return int(value) if isinstance(value, str) else None
    except ValueError:
        return None


def identity(raw: Raw, name: str = "entity_id") -> int:
    """An id that has to be there."""
    found = number(raw.get(name))
    if found is None:
        raise Unreadable(f"{name} must be a number, but is missing")
    return found


def moment(raw: Raw, name: str) -> datetime:
    """A time, `2026-10-03 09:20:01`, which is UTC."""
    value = raw.get(name)
    at = _time(str(value))
    if at is None or not FIRST_YEAR < at.year < LAST_YEAR:
        raise Unreadable(f"{name} must be a time such as 2026-10-03 09:20:01, not {str(value)[:30]!r}")
    return at


@lru_cache(_TIMES)
def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def version(*rows: Raw) -> datetime:
    """The latest time of change of any row."""
    return max(moment(row, "updated_at" if row.get("updated_at") else "created_at") for row in rows)


def day(at: datetime, zone: ZoneInfo) -> date:
    """The accounting date of a time, in the store view's time zone."""
    return at.astimezone(zone).date()


def text(raw: Raw, name: str, limit: int = _NAME) -> str:
    """One clean line: no markup, no entities, no line breaks; empty where there is none."""
    value = raw.get(name)
    if not value and value != 0:
        return ""
    if type(value) is not str:
        if isinstance(value, list | dict):
            return ""
        value = str(value)
    # the only white space that can be printed is the space
    if value.isprintable() and "<" not in value and "&" not in value and "  " not in value:
        line: str = value.strip()
        return line if len(line) <= limit else line[:limit].rstrip()
    return one_line(_TAG.sub(" ", html.unescape(value)), limit)


def inner(raw: Raw, name: str) -> Raw:
    """An object inside an object; empty where there is none."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def extension(raw: Raw) -> Raw:
    """The extension attributes."""
    return inner(raw, "extension_attributes")


def rows(raw: Raw, name: str) -> Sequence[Raw]:
    """A list of objects; empty where there is none."""
    value = raw.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def rate(value: Decimal) -> Decimal:
    """A rate with 6 decimals at most."""
    return value.quantize(_RATE, ROUND_HALF_UP).normalize() + ZERO if value else ZERO
