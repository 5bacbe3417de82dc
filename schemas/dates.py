"""Days and moments on the wire: ISO 8601 strings between the years 2000 and 2100, never numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

FIRST_YEAR, LAST_YEAR = 2000, 2100
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
D = TypeVar("D", bound=date)
_matches_day = re.compile(_DAY).fullmatch
_matches_moment = re.compile(_MOMENT).fullmatch


def rfc3339(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds: strings of this form sort by time."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _day(value: object) -> date:
    if isinstance(value, str) and _matches_day(value):
        value = date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("must be a day such as '2026-01-31'")  # noqa: TRY004 - pydantic reads only ValueError
    return _sane(value)


def _moment(value: object) -> datetime:
    if isinstance(value, str) and _matches_moment(value):
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("must be a time with its offset from UTC such as '2026-01-31T09:30:00Z'")
    return _sane(_sane(value).astimezone(UTC))


def _sane(value: D) -> D:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}, not in {value.year}")
    return value


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY, "examples": ["2026-01-31"]}),
]
"""A calendar day; whose time zone it is in, the field says."""

Timestamp = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _MOMENT, "examples": ["2026-01-31T09:30:00Z"]}),
]
"""RFC 3339 with an offset; in UTC from here on, to the microsecond."""
