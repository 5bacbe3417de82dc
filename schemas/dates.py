"""Days and moments on the wire: ISO 8601 strings between the years 2000 and 2100, never numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

FIRST_YEAR, LAST_YEAR = 2000, 2100
DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
DAY_WANTED = "must be a day such as '2026-01-31'"
MOMENT_WANTED = "must be a time with its offset from UTC such as '2026-01-31T09:30:00Z'"
_OFFSET = len("+00:00")
D = TypeVar("D", bound=date)
_matches_day = re.compile(DAY_PATTERN).fullmatch
_matches_moment = re.compile(MOMENT_PATTERN).fullmatch


@lru_cache(256)  # a version is written several times, and the time of a batch for each of its events
def rfc3339(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds: strings of this form sort by time."""
    if value.tzinfo is UTC:
        return f"{value.isoformat(timespec='microseconds')[:-_OFFSET]}Z"
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _day(value: object) -> date:
    if isinstance(value, str) and _matches_day(value):
        return _read_day(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(DAY_WANTED)  # noqa: TRY004 - pydantic reads only ValueError
    return _sane(value)


def _moment(value: object) -> datetime:
    if isinstance(value, str) and _matches_moment(value):
        return _read_moment(value)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(MOMENT_WANTED)
    return _sane(_sane(value).astimezone(UTC))


def _sane(value: D) -> D:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}, not in {value.year}")
    return value


@dataclass(frozen=True, slots=True)
class _DateString:
    """A day or a moment as text. `make` is for text that the pattern matches."""

    format: str
    pattern: str
    example: str
    make: Callable[[str], object]
    check: Callable[[object], object]
    write: Callable[[Any], str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(
            self.check,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(
                self.write, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "format": self.format, "pattern": self.pattern, "examples": [self.example]}


def _read_day(text: str) -> date:
    return _sane(date.fromisoformat(text))


def _read_moment(text: str) -> datetime:
    at = _sane(datetime.fromisoformat(text.upper()))
    return at if at.tzinfo is UTC else _sane(at.astimezone(UTC))


Day = Annotated[date, _DateString("date", DAY_PATTERN, "2026-01-31", _read_day, _day, date.isoformat)]
"""A calendar day; whose time zone it is in, the field says."""

Timestamp = Annotated[
    datetime, _DateString("date-time", MOMENT_PATTERN, "2026-01-31T09:30:00Z", _read_moment, _moment, rfc3339)
]
"""RFC 3339 with an offset; in UTC from here on, to the microsecond."""
