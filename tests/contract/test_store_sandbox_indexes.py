"""Lists are found by indexes, and are the same as if every row had been looked at."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.sandbox.store.criteria import Criteria, Filter
from deploy.sandbox.store.search import Listing, find
from deploy.sandbox.store.table import Row, Table

ROOT = Path(__file__).parents[2]
LISTING = Listing("entity_id", "entity_id", frozenset({"updated_at", "created_at", "order_id", "state"}))
TIMES = [f"2026-11-20 10:00:0{second}" for second in range(6)]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "from": operator.ge,
    "to": operator.le,
}

numbers = st.integers(1, 30)
times = st.sampled_from(TIMES)
rows = st.dictionaries(numbers, st.tuples(times, times, st.integers(1, 5), st.integers(1, 3)), max_size=25)
conditions = st.sampled_from(sorted(COMPARE))
filters = st.one_of(
    st.tuples(st.just("entity_id"), conditions, numbers.map(str)),
    st.tuples(st.sampled_from(["updated_at", "created_at"]), conditions, times),
    st.tuples(st.sampled_from(["order_id", "state"]), conditions, st.integers(0, 5).map(str)),
)
sorts = st.sampled_from(
    [
        [],
        [("entity_id", "ASC")],
        [("entity_id", "DESC")],
        [("updated_at", "ASC"), ("entity_id", "ASC")],
        [("state", "DESC"), ("entity_id", "ASC")],
    ]
)
Values = tuple[str, str, int, int]


def a_row(number: int, values: Values) -> Row:
    created, updated, order_id, state = values
    body = json.dumps({"entity_id": number, "state": state}).encode()
    return Row(number, body, serial=0, created=created, updated=updated, order_id=order_id, facts=None)


def by_looking_at_all(found: dict[int, Values], groups: list[list[tuple[str, str, str]]]) -> set[int]:
    def holds(number: int, one: tuple[str, str, str]) -> bool:
        field, condition, value = one
        created, updated, order_id, state = found[number]
        own = {"entity_id": number, "created_at": created, "updated_at": updated, "order_id": order_id, "state": state}
        return COMPARE[condition](own[field], value if field.endswith("_at") else int(value))

    return {number for number in found if all(any(holds(number, one) for one in group) for group in groups)}


@settings(max_examples=300, deadline=None)
@given(
    first=rows,
    later=rows,
    gone=st.sets(numbers),
    groups=st.lists(st.lists(filters, min_size=1, max_size=2), max_size=3),
    order=sorts,
)
def test_a_list_is_what_looking_at_every_row_would_find(
    first: dict[int, Values],
    later: dict[int, Values],
    gone: set[int],
    groups: list[list[tuple[str, str, str]]],
    order: list[tuple[str, str]],
) -> None:
    table = Table()
    table.load([a_row(number, first[number]) for number in sorted(first)])
    for number, values in later.items():
        table.put(a_row(number, values))
    expected = first | later
    for number in gone & expected.keys():
        table.remove(number)
        del expected[number]

    criteria = Criteria([[Filter(f, value, condition) for f, condition, value in group] for group in groups], order)
    found = find(table, LISTING, criteria)

    assert {row.id for row in found} == by_looking_at_all(expected, groups)
    assert len(found) == len({row.id for row in found})
    assert [row.id for row in found] == _in_order(found, order)


def _in_order(found: list[Row], order: list[tuple[str, str]]) -> list[int]:
    ordered = sorted(found, key=lambda row: row.id)
    for field, direction in reversed(order):
        key = {"entity_id": lambda row: row.id, "updated_at": lambda row: row.updated}.get(
            field, lambda row: row.parsed()["state"]
        )
        ordered = sorted(ordered, key=key, reverse=direction == "DESC")
    return [row.id for row in ordered]


def test_a_row_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(KeyError):
        Table().remove(1)


def test_every_section_the_sandbox_names_is_in_its_rules() -> None:
    rules = (ROOT / "docs/store-rules.md").read_text()
    written = set(re.findall(r"\((\d\.\d)\)", rules)) | set(re.findall(r"^## (\d) ", rules, re.MULTILINE))
    sources = [path.read_text() for path in (ROOT / "deploy/sandbox/store").glob("*.py")]

    named = {section for source in sources for section in re.findall(r"\[store (\d(?:\.\d)?)\]", source)}

    assert len(named) > 20
    assert named <= written
