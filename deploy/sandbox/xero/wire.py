"""What travels: JSON in and out, XML for those who do not ask for JSON, Xero's dates and envelopes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from deploy.sandbox.xero.errors import Json, malformed
from deploy.sandbox.xero.identifiers import new_id

PROVIDER_NAME = "xerelay sandbox"
_LARGEST_NUMBER = Decimal(10**13)
_REMEMBERED = 4096
_DOTNET_DATE = re.compile(r"^/Date\((-?\d+)([+-]\d{4})?\)/$")


def dotnet(moment: date) -> str:
    """A date or datetime in the notation of Xero's replies [xero 4]."""
    zoned = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return f"/Date({round(zoned.timestamp() * 1000)}+0000)/"


def _outgoing(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return dotnet(value)
    msg = f"{type(value).__name__} does not travel"
    raise TypeError(msg)


def to_json(value: object) -> bytes:
    """JSON with amounts as numbers and dates in Xero's notation."""
    return _ENCODER.encode(value).encode()


class _Outgoing(dict[Any, Any]):
    """What amounts and dates are in a reply. Most come again and again, and looking one up is a third of making it."""

    def __missing__(self, value: object) -> object:
        if len(self) >= _REMEMBERED:
            self.clear()
        made = self[value] = _outgoing(value)
        return made


# documents are trees, so that nothing has to look out for circles
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), default=_Outgoing().__getitem__
)


def from_json(raw: bytes) -> Any:
    """The body of a call. Numbers keep their digits. Raises CallRefused."""
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
    except ValueError as error:
        raise malformed(f"JSON for post data was invalid: {error}") from error


def _no_constant(name: str) -> None:
    msg = f"{name} is no number"
    raise ValueError(msg)


def to_xml(value: object, tag: str = "Response") -> bytes:
    """The least XML that says the same; enough to notice a forgotten Accept header."""
    return f"<{tag}>{''.join(_xml(value))}</{tag}>".encode()


def _xml(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield f"<{key}>{''.join(_xml(child))}</{key}>"
    elif isinstance(value, list):
        for child in value:
            yield f"<Item>{''.join(_xml(child))}</Item>"
    elif isinstance(value, date):
        yield value.isoformat()
    elif value is not None:
        yield escape(str(value))


def envelope(plural: str, elements: list[Json], now: datetime, pagination: Json | None = None) -> Json:
    """What every reply of the Accounting API is wrapped in [xero 4]."""
    head = {"Id": new_id(), "Status": "OK", "ProviderName": PROVIDER_NAME}
    pages = {} if pagination is None else {"pagination": pagination}
    return {**head, "DateTimeUTC": f"/Date({round(now.timestamp() * 1000)})/", **pages, plural: elements}


def elements_of(body: Any, plural: str) -> list[Json]:
    """The documents of a call: one bare object, or a list under the plural name in any case [xero 4]."""
    if not isinstance(body, dict):
        raise malformed(f"expected an object or {plural}, not {type(body).__name__}")
    inside = next((value for key, value in body.items() if key.lower() == plural.lower()), body)
    elements = inside if isinstance(inside, list) else [inside]
    if not elements or not _are_objects(elements):
        raise malformed(f"{plural} must hold at least one object and nothing else")
    return elements


def amount(element: Json, field: str) -> Decimal | None:
    """A number of an incoming element, or None where it is not given. Raises CallRefused."""
    value = element.get(field)
    if value is None:
        return None
    if isinstance(value, Decimal):
        number = value
    elif value == "":
        return None
    else:
        number = _number(value, field)
    if not number.is_finite() or abs(number) >= _LARGEST_NUMBER:
        raise malformed(f"{field} must be a number below {_LARGEST_NUMBER}")
    return number


def _number(value: object, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise malformed(f"{field} must be a number")
    try:
        return Decimal(value)
    except InvalidOperation:
        raise malformed(f"{field} must be a number, not {value!r}") from None


def text(element: Json, field: str) -> str | None:
    """A string of an incoming element, or None where it is not given or empty. Raises CallRefused."""
    value = element.get(field)
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, dict | list | bool):
        raise malformed(f"{field} must be a string")
    return str(value)


def length(value: str) -> int:
    """How long Xero may take a text to be: in units of UTF-16, in which an emoji is two [xero 4]."""
    return len(value) if value.isascii() else len(value.encode("utf-16-le")) // 2


def calendar_day(element: Json, field: str) -> date | None:
    """A date of an incoming element: `2026-01-31`, with or without a time, or Xero's own notation."""
    value = text(element, field)
    if value is None:
        return None
    try:
        return _day(value)
    except (ValueError, OverflowError, OSError):
        raise malformed(f"{field} must be a date such as 2026-01-31, not {value!r}") from None


@lru_cache(_REMEMBERED)
def _day(value: str) -> date:
    if found := _DOTNET_DATE.match(value):
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC).date()
    return datetime.fromisoformat(value).date()


def nested(element: Json, field: str) -> Json | None:
    """An object of an incoming element, or None where it is not given. Raises CallRefused."""
    value = element.get(field)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise malformed(f"{field} must be an object")
    return value


def objects(element: Json, field: str) -> list[Json] | None:
    """A list of objects of an incoming element, or None where it is not given. Raises CallRefused."""
    value = element.get(field)
    if value is None:
        return None
    if not isinstance(value, list) or not _are_objects(value):
        raise malformed(f"{field} must be a list of objects")
    return value


def _are_objects(values: list[Any]) -> bool:
    return set(map(type, values)) <= {dict}
