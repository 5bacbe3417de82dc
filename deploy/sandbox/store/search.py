"""Finds the rows that match criteria, with an index wherever one serves [store 2]."""

from __future__ import annotations

import fnmatch
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.store.criteria import Criteria, Filter
from deploy.sandbox.store.errors import server_error
from deploy.sandbox.store.table import Row, Table

_TIMES = frozenset({"created_at", "updated_at"})
_LAST, _FIRST = "\uffff", ""
_NEGATED = {"neq": "eq", "nin": "in", "nlike": "like", "nfinset": "finset"}
_ORDERED = {"gt", "gteq", "lt", "lteq", "moreq", "from", "to"}


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of the API. `key` is what filters call the id, `shown_key` what the JSON calls it.

    `fields` are the other columns of its database table. `has_updated`: rows have a time of change. `shuffles`: without
    an order, pages overlap.
    """

    key: str
    shown_key: str
    fields: frozenset[str]
    has_updated: bool = True
    shuffles: bool = False


def find(table: Table, listing: Listing, criteria: Criteria) -> list[Row]:
    """All rows that match, in the order asked for. Raises Refused."""
    groups = [[_known(one, listing) for one in group] for group in criteria.groups]
    rows, order, rest = _candidates(table, listing, groups)
    for group in rest:
        tests = [_test(one, listing) for one in group]
        rows = [row for row in rows if any(test(row) for test in tests)]
    return _sorted(rows, listing, criteria, order)


def _known(one: Filter, listing: Listing) -> Filter:
    if one.field != listing.key and one.field not in listing.fields:
        raise server_error()  # the database does not know the column
    value = one.value.replace("T", " ", 1) if one.field in _TIMES else one.value
    return Filter(one.field, value, one.condition)


def _candidates(
    table: Table, listing: Listing, groups: list[list[Filter]]
) -> tuple[list[Row], str, list[list[Filter]]]:
    """The rows of the index that narrows most, what they are ordered by, and the groups it has not answered."""
    alone = [group[0] for group in groups if len(group) == 1]
    found: list[tuple[list[Row], str, list[Filter]]] = [
        (_by_id(table, used), listing.key, used) for used in [_used(alone, listing.key)]
    ]
    for name, index in (("updated_at", table.by_updated), ("created_at", table.by_created)):
        if used := _used(alone, name):
            found.append((index(*_time_range(used)), name, used))
    for one in alone:
        if (
            one.condition in {"in", "eq"}
            and one.field in {listing.key, "order_id"}
            and one.field in {listing.key, *listing.fields}
        ):
            numbers = [int(part) for part in one.value.split(",") if part.strip().isdigit()]
            rows = table.of_ids(numbers) if one.field == listing.key else table.of_orders(numbers)
            found.append((rows, listing.key, [one]))
    rows, order, used = min(found, key=lambda option: len(option[0]))
    return rows, order, [group for group in groups if not (len(group) == 1 and any(group[0] is one for one in used))]


def _used(alone: list[Filter], name: str) -> list[Filter]:
    """The comparisons of one field that make a range."""
    ranges = {"gt", "gteq", "lt", "lteq", "from", "to", "moreq", "eq"}
    return [one for one in alone if one.field == name and one.condition in ranges]


def _by_id(table: Table, used: list[Filter]) -> list[Row]:
    low: int | None = None
    high: int | None = None
    for one in used:
        value = _whole(one.value)
        if one.condition in {"gt", "gteq", "from", "moreq", "eq"}:
            low = max(low or 0, value + (one.condition == "gt"))
        if one.condition in {"lt", "lteq", "to", "eq"}:
            bound = value - (one.condition == "lt")
            high = bound if high is None else min(high, bound)
    return table.by_ids(low, high)


def _whole(value: str) -> int:
    """A number as the database reads it: what is none counts as 0."""
    found = re.match(r"\s*-?\d+", value)
    return int(found.group()) if found else 0


def _time_range(used: list[Filter]) -> tuple[str, str]:
    low, high = _FIRST, _LAST
    for one in used:
        if one.condition in {"gt", "gteq", "from", "moreq", "eq"}:
            low = max(low, _moment(one.value) + ("\x00" if one.condition == "gt" else ""))
        if one.condition in {"lt", "lteq", "to", "eq"}:
            value = _moment(one.value)
            high = min(high, value[:-1] + chr(ord(value[-1]) - 1) + _LAST if one.condition == "lt" else value)
    return low, high


def _moment(value: str) -> str:
    """A date is its midnight; anything longer than seconds is cut."""
    return f"{value} 00:00:00" if len(value) == len("2026-01-01") else value[:19]


def _test(one: Filter, listing: Listing) -> Callable[[Row], bool]:
    condition = _NEGATED.get(one.condition, one.condition)
    compare = _comparison(condition, _moment(one.value) if one.field in _TIMES else one.value)
    read = _reader(one.field, listing)
    if one.condition in _NEGATED:
        return lambda row: read(row) is not None and not compare(read(row))
    return lambda row: compare(read(row))


def _reader(name: str, listing: Listing) -> Callable[[Row], Any]:
    if name == listing.key:
        return lambda row: row.id
    if name == "created_at":
        return lambda row: row.created
    if name == "updated_at":
        return lambda row: row.updated
    if name == "order_id":
        return lambda row: row.order_id
    return lambda row: _shown(row.parsed(), name)


def _shown(row: dict[str, Any], name: str) -> Any:
    if name == "website_id" and "website_id" not in row:
        return row.get("extension_attributes", {}).get("website_ids")
    return row.get(name)


def _comparison(condition: str, value: str) -> Callable[[Any], bool]:
    """As MySQL compares: text without case, numbers as numbers, null with nothing."""
    if condition == "null":
        return lambda own: own is None
    if condition == "notnull":
        return lambda own: own is not None
    if condition in {"in", "finset"}:
        wanted = {_folded(part.strip()) for part in value.split(",")}
        return lambda own: any(_folded(part) in wanted for part in (own if isinstance(own, list) else [own]))
    if condition == "like":
        pattern = re.compile(fnmatch.translate(value.lower().replace("%", "*").replace("_", "?")), re.DOTALL)
        return lambda own: own is not None and pattern.match(str(own).lower()) is not None
    if condition in _ORDERED:
        return lambda own: own is not None and _in_order(own, condition, value)
    folded = _folded(value)
    return lambda own: folded in [_folded(part) for part in (own if isinstance(own, list) else [own])]


def _in_order(own: Any, condition: str, value: str) -> bool:
    left: Any = own if isinstance(own, str) else float(own)
    right: Any = value if isinstance(own, str) else _float(value)
    if condition == "gt":
        return bool(left > right)
    if condition == "lt":
        return bool(left < right)
    return bool(left >= right) if condition in {"gteq", "from", "moreq"} else bool(left <= right)


def _float(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0


def _folded(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return f"{value:g}"
    if isinstance(value, str):
        return f"{float(value):g}" if re.fullmatch(r"-?\d{1,15}(\.\d+)?", value) else value.lower()
    return value


def _sorted(rows: list[Row], listing: Listing, criteria: Criteria, order: str) -> list[Row]:
    if not criteria.sorts:
        if listing.shuffles and criteria.page_size is not None:
            return sorted(rows, key=lambda row: zlib.crc32(b"%d %d" % (criteria.page, row.id)))
        return rows if order == listing.key else sorted(rows, key=lambda row: row.id)
    if _already(criteria.sorts, listing, order):
        return rows
    for name, direction in reversed(criteria.sorts):
        if name != listing.key and name not in listing.fields:
            raise server_error()
        read = _reader(name, listing)
        rows = sorted(rows, key=lambda row: _sort_key(read(row)), reverse=direction != "ASC")
    return rows


def _already(sorts: Sequence[tuple[str, str]], listing: Listing, order: str) -> bool:
    if order == listing.key:
        return list(sorts) == [(listing.key, "ASC")]
    return list(sorts) in ([(order, "ASC")], [(order, "ASC"), (listing.key, "ASC")])


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, (int, float)) else (2, str(value).lower())
