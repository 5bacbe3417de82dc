"""Which messages are read as JSON, and which are too deep to be shown as such."""

from __future__ import annotations

import json
from typing import Any

import pytest

from worker.views.parked import message_of


def nested(levels: int, *, key: str = "") -> Any:
    """Lists within each other, or objects."""
    value: Any = {} if key else []
    for _ in range(levels - 1):
        value = {key: value} if key else [value]
    return value


@pytest.mark.parametrize("key", ["", "a"], ids=["lists", "objects"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_message_is_read_down_to_a_hundred_levels(key: str, encoding: str) -> None:
    bodies = {levels: json.dumps(nested(levels, key=key)).encode(encoding) for levels in (1, 100, 101)}

    assert [message_of(bodies[levels]) for levels in (1, 100)] == [nested(levels, key=key) for levels in (1, 100)]
    assert message_of(bodies[101]) is None


def test_a_message_may_have_any_number_of_parts_side_by_side() -> None:
    lines = {"lines": [{"sku": str(number)} for number in range(500)]}

    assert message_of(json.dumps(lines).encode()) == lines
