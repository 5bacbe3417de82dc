"""What is said of a defect: whose line it is, an adapter's too, and nothing that may name people."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from producers.defects import described
from producers.store import Cursor
from schemas.parts import Line


def of(act: Callable[[], object]) -> str:
    """What is said of what `act` raises, line numbers left out."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one it is, is what is told
        act()
    return re.sub(r":\d+", "", described(raised.value))


def test_a_value_that_a_model_refuses_is_told_by_its_fields_and_by_who_gave_it() -> None:
    told = of(lambda: Line(name="Ada", net=12.5, tax=None, gross=Decimal("15.00")))  # type: ignore[arg-type] # as newcomers do

    assert told == "ValidationError of Line (net, tax) at main.py, called at test_defects.py"


def test_what_python_itself_raises_is_told_by_the_line_that_asked_it() -> None:
    day = datetime(2026, 3, 2, tzinfo=UTC)

    assert of(lambda: json.loads("{")) == "JSONDecodeError at test_defects.py"
    assert of(lambda: Cursor(day) < Cursor(day.replace(tzinfo=None))) == "TypeError at test_defects.py"


def test_nothing_of_its_text_is_told() -> None:
    def fail() -> None:
        raise KeyError("Ada Brandt")

    assert of(fail) == "KeyError at test_defects.py"
