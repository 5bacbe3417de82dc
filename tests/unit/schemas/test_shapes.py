"""What is read in one go is what the models read, and nothing that they refuse."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from annotated_types import Gt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from schemas.codec import _at_once, _step_by_step
from schemas.errors import Undecodable
from schemas.memory import Memory
from schemas.shapes import fields_reader
from tests.support.sample_invoice import INVOICE, paths, replaced


def deep(levels: int) -> str:
    """As many arrays in one another."""
    return "[" * levels + "]" * levels


TEXTS = [
    "a\n", "a\r\n", "\n", "\t", "a b", " ", "\x00", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\xa0", "£", "é", "日本",
    "\u2028", "\U0001f600" * 64, "\U0001f600" * 65, "\U0001f600" * 255, "\U0001f600" * 256, "x" * 64, "x" * 65,
    "x" * 255, "x" * 256, "x" * 4000, "GBP", "GB\n", "gbp", "1.00", "1.00\n", " 1.00", "+1.00", "01.00", "1.", ".5",
    "1_0.00", "1e1", "-0", "-0.00", "NaN", "Infinity", "1.001", "1.00001", "9999999999.99", "10000000000", "١٢",
    "2026-01-31", "2026-01-31\n", "20260131", "2026-W05-6", "1999-12-31", "2101-01-01", "2026-01-31T09:30:00",
    "2026-01-31T09:30:00z", "2026-01-31 09:30:00Z", "2026-01-31T09:30:00.1234567+01:00", "2026-01-31T24:00:00Z",
    "2000-01-01T00:30:00+01:00", "goods", "GOODS", "in", "1.0", "1.0\n", "\\", '"', "/", "a\\u0000",
]  # fmt: skip


@pytest.mark.parametrize("escaped", [True, False])
def test_any_text_in_any_place_is_read_as_the_models_read_it(escaped: bool) -> None:
    for path in paths(INVOICE):
        for text in TEXTS:
            body = json.dumps(replaced(INVOICE, path, text), ensure_ascii=escaped).encode()

            quickly, slowly = _at_once(body), _slowly(body)

            assert quickly is None or quickly == slowly, (path, text)
            assert quickly is not None or slowly is None, (path, text)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(paths(INVOICE)), st.text(), st.booleans())
def test_random_text_in_any_place_is_read_as_the_models_read_it(
    path: tuple[str | int, ...], text: str, escaped: bool
) -> None:
    body = json.dumps(replaced(INVOICE, path, text), ensure_ascii=escaped).encode(errors="surrogatepass")

    assert _at_once(body) == _slowly(body)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(min_size=1, max_size=12),
    st.sampled_from([b'{"newer":', b'{"newer":"', b'{"newer":["', b'{"newer":{"x":']),
)
def test_what_stands_in_an_unknown_field_is_no_way_round_the_models(unknown: bytes, start: bytes) -> None:
    end = {b'"': b'",', b"[": b"]", b"x": b"},"}.get(start[-1:], b",")
    body = start + unknown + end + json.dumps(INVOICE).encode()[1:]

    quickly = _at_once(body)

    assert quickly is None or quickly == _slowly(body)


@pytest.mark.parametrize(
    "unknown",
    [deep(198), deep(199), deep(200), deep(900), "1" * 4300, "1" * 4301, f"-{'9' * 5000}", f"1.{'1' * 5000}"],
    ids=lambda unknown: f"{unknown[:3]}-{len(unknown)}",
)
def test_what_is_nested_too_deeply_or_too_long_a_number_is_refused_where_nobody_knows_the_field(unknown: str) -> None:
    whole = json.dumps(INVOICE)
    for before in ("{", '"data": {', '"lines": [{'):
        body = whole.replace(before, f'{before}"newer": {unknown}, ', 1).encode()

        quickly = _at_once(body)

        assert quickly is None or quickly == _slowly(body), before


def test_a_mark_that_says_nothing_about_json_is_told_at_once() -> None:
    class Marked(BaseModel):
        number: Annotated[int, Gt(0)]

    with pytest.raises(TypeError, match="no counterpart"):
        fields_reader(Marked, is_plain=True)


def test_a_memory_keeps_what_comes_often() -> None:
    made: list[str] = []

    def make(text: str) -> int:
        made.append(text)
        return int(text)

    memory = Memory(r"^[0-9]+$", make, most=10)

    for number in range(200):
        assert (memory[str(number)], memory["7777"]) == (number, 7777)

    assert made.count("7777") == 1
    assert len(memory) <= 10


def test_a_memory_keeps_no_long_text() -> None:
    memory = Memory(r"^1\.[0-9]+$", str)

    assert memory[f"1.{'0' * 100_000}"] == f"1.{'0' * 100_000}"
    assert len(memory) == 0


def test_a_memory_refuses_what_does_not_match_each_time_and_none_is_none() -> None:
    memory = Memory(r"^[0-9]+$", int)

    for _ in range(2):
        with pytest.raises(ValueError, match="0-9"):
            memory["7\n"]
    assert memory[None] is None


def _slowly(body: bytes) -> Any:
    try:
        return _step_by_step(body)
    except Undecodable:
        return None
