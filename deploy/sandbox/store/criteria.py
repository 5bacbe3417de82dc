"""`searchCriteria` as it stands in a query [store 2.1]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from deploy.sandbox.store.errors import Json, bad_request

CONDITIONS = {"eq", "neq", "gt", "gteq", "lt", "lteq", "moreq", "from", "to", "in", "nin", "like", "nlike"} | {
    "null",
    "notnull",
    "finset",
    "nfinset",
}
_PART = re.compile(r"\[([^\[\]]*)\]")
_SNAKE = re.compile(r"(?<=[a-z])([A-Z])")


@dataclass(slots=True)
class Filter:
    """One comparison."""

    field: str = ""
    value: str = ""
    condition: str = "eq"


@dataclass(slots=True)
class Criteria:
    """Groups are AND-ed, filters inside a group are OR-ed. `sorts` are pairs of field and direction."""

    groups: list[list[Filter]] = field(default_factory=list)
    sorts: list[tuple[str, str]] = field(default_factory=list)
    page_size: int | None = None
    page: int = 1

    def echo(self) -> Json:
        """How a reply repeats it."""
        made: Json = {
            "filter_groups": [
                {"filters": [{"field": f.field, "value": f.value, "condition_type": f.condition} for f in group]}
                for group in self.groups
            ]
        }
        if self.sorts:
            made["sort_orders"] = [{"field": name, "direction": direction} for name, direction in self.sorts]
        if self.page_size is not None:
            made |= {"page_size": self.page_size, "current_page": self.page}
        return made


def query_pairs(query: str) -> list[tuple[str, str]]:
    """The query as the store's language reads it: `+` is a space here."""
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


def parse(pairs: list[tuple[str, str]]) -> Criteria:
    """Read the criteria of a query. Raises Refused where there are none."""
    groups: dict[str, dict[str, Filter]] = {}
    sorts: dict[str, list[str]] = {}
    made, asked = Criteria(), list(_asked(pairs))
    for name, path, value in asked:
        match path:
            case ["filter_groups", group, "filters", place, key]:
                _set(groups.setdefault(group, {}).setdefault(place, Filter()), key, value)
            case ["sort_orders", place, "field"]:
                sorts.setdefault(place, ["", "DESC"])[0] = value
            case ["sort_orders", place, "direction"]:
                sorts.setdefault(place, ["", "DESC"])[1] = value.upper()
            case ["page_size"]:
                made.page_size = _number(value, "pageSize")
            case ["current_page"]:
                made.page = max(_number(value, "currentPage"), 1)
            case [] | [""]:
                pass
            case _:
                raise bad_request('Property "%1" does not have accessor method "%2".', [name, name])
    if not asked:
        raise bad_request('"%fieldName" is required. Enter and try again.', {"fieldName": "searchCriteria"})
    made.groups = [list(group.values()) for group in groups.values()]
    made.sorts = [(_snake(name), direction) for name, direction in sorts.values()]
    return made


def _asked(pairs: list[tuple[str, str]]) -> Iterator[tuple[str, list[str], str]]:
    """Each parameter that is of the criteria, with the parts of its name."""
    for name, value in pairs:
        root, _, rest = name.partition("[")
        if _snake(root) == "search_criteria":
            yield name, [_snake(part) for part in _PART.findall(f"[{rest}")], value


def _set(made: Filter, key: str, value: str) -> None:
    if key == "field":
        made.field = _snake(value)
    elif key == "value":
        made.value = value
    elif key == "condition_type":
        if value not in CONDITIONS:
            raise bad_request("Condition type %1 is not known", [value])
        made.condition = value
    else:
        raise bad_request('Property "%1" does not have accessor method "%2".', [key, key])


def _snake(name: str) -> str:
    return _SNAKE.sub(lambda found: f"_{found.group(1).lower()}", name)


def _number(value: str, name: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        message = 'Error occurred during "%fieldName" processing. The "%value" value\'s type is invalid.'
        raise bad_request(message, {"fieldName": name, "value": value}) from error
