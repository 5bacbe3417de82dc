"""searchCriteria, written so that Magento's signature check reads the same: no space, no plus sign. Pure.

https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

_LAST = datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)
"""No column of a Magento table holds more: they are TIMESTAMP, and a database may refuse to compare one with what lies
beyond. https://dev.mysql.com/doc/refman/8.4/en/datetime.html
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. All filters of a query must hold."""

    field: str
    condition: str
    value: str


def equal(field: str, value: object) -> Filter:
    """`field` is `value`."""
    return Filter(field, "eq", _text(value))


def above(field: str, value: object) -> Filter:
    """`field` is above `value`."""
    return Filter(field, "gt", _text(value))


def from_on(field: str, value: object) -> Filter:
    """`field` is `value` or above."""
    return Filter(field, "gteq", _text(value))


def up_to(field: str, value: object) -> Filter:
    """`field` is `value` or below; of a time, what a column can hold of it."""
    return Filter(field, "lteq", _text(min(value, _LAST) if isinstance(value, datetime) else value))


def before(field: str, value: object) -> Filter:
    """`field` is below `value`."""
    return Filter(field, "lt", _text(value))


def one_of(field: str, values: Iterable[object]) -> Filter:
    """`field` is one of `values`."""
    return Filter(field, "in", ",".join(_text(value) for value in values))


def search(
    filters: Sequence[Filter],
    *,
    order: Sequence[str],
    size: int,
    fields: str = "",
    page: int = 1,
    descending: bool = False,
) -> str:
    """The query string: rows that pass every filter, in the order of the fields named, `size` at most."""
    pairs = [(f"[pageSize]={size}"), f"[currentPage]={page}"]
    for group, one in enumerate(filters):
        place = f"[filter_groups][{group}][filters][0]"
        pairs += [f"{place}[field]={one.field}", f"{place}[condition_type]={one.condition}"]
        pairs.append(f"{place}[value]={one.value}")
    for number, name in enumerate(order):
        pairs += [
            f"[sortOrders][{number}][field]={name}",
            f"[sortOrders][{number}][direction]={'DESC' if descending else 'ASC'}",
        ]
    parts = [f"searchCriteria{pair}" for pair in pairs] + ([f"fields={fields}"] if fields else [])
    return "&".join(_encoded(part) for part in parts)


def _text(value: object) -> str:
    # a T instead of the space: MySQL takes both, and some versions of Magento fail to verify a signed space
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if isinstance(value, datetime) else str(value)


def _encoded(pair: str) -> str:
    name, _, value = pair.partition("=")
    return f"{quote(name, safe='-._~')}={quote(value, safe='-._~,')}"
