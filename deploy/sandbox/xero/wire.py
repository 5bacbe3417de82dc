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

import msgspec

from deploy.sandbox.xero.errors import Json, malformed
from deploy.sandbox.xero.identifiers import new_id

PROVIDER_NAME = "xerelay sandbox"
_LARGEST_NUMBER = Decimal(10**13)
_REMEMBERED = 4096
_MOST_WRITTEN = 16_384
_SURELY_KEPT = 16
"""Characters of an amount whose digits a float keeps: a sign or a point and 15 digits."""

_WRITTEN_AS_IS = frozenset({str, bool, int, type(None)})
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_DOTNET_DATE = re.compile(r"^/Date\((-?\d+)([+-]\d{4})?\)/$")


def dotnet(moment: date) -> str:
    """A date or datetime in the notation of Xero's replies [xero 4]."""
    zoned = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return f"/Date({round(zoned.timestamp() * 1000)}+0000)/"


class _Written(dict[Any, msgspec.Raw]):
    """What amounts and dates are in a reply. Most come again and again, and one is looked up sooner than made."""

    def __missing__(self, value: Any) -> msgspec.Raw:
        if len(self) >= _MOST_WRITTEN:
            self.clear()
        written = _digits(value) if isinstance(value, Decimal) else f'"{dotnet(value)}"'
        made = self[value] = msgspec.Raw(written)
        return made


_WRITTEN = _Written()


def _digits(value: Decimal) -> str:
    """An amount as Python writes the whole number or the nearest float, which is made only where it tells."""
    text = str(value)
    if not value or len(text) > _SURELY_KEPT or "E" in text or "0.0000" in text:
        return repr(int(value) if value == value.to_integral_value() else float(value))
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_json(value: object) -> bytes:
    """JSON with amounts as numbers and dates in Xero's notation.

    The encoder writes texts as Python's `json` does, in a quarter of the time, but not amounts and dates.
    """
    return _ENCODER.encode(_outgoing(value))


def _outgoing(value: Any) -> Any:
    """A value of which every amount and date is written already."""
    kind = type(value)
    if kind is dict:
        return _outgoing_object(value)
    if kind is list or kind is tuple:
        return list(map(_outgoing, value))
    if kind in _WRITTEN_AS_IS:
        return value
    if kind is Decimal or isinstance(value, date):
        return _WRITTEN[value]
    return msgspec.Raw(json.dumps(value, ensure_ascii=False))


def _outgoing_object(value: Json) -> Json:
    """Of what a reply is made of most are texts, then amounts, then lists that are empty."""
    written = value.copy()
    for name, part in value.items():
        kind = type(part)
        if kind is str:
            continue
        if kind is Decimal:
            written[name] = _WRITTEN[part]
        elif kind not in _WRITTEN_AS_IS and (part or kind is not list):
            written[name] = _outgoing(part)
    return written


def from_json(raw: bytes) -> Any:
    """The body of a call. Numbers keep their digits. Raises CallRefused."""
    try:
        return _DECODER.decode(raw)
    except ValueError:
        return _from_any_json(raw)


def _from_any_json(raw: bytes) -> Any:
    """What Python reads beyond the standard, such as half of a surrogate pair, or its words for what it cannot."""
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
