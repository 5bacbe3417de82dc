"""What the sandbox writes and reads as JSON is what Python's own module writes and reads, digit for digit [xero 4]."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.xero import wire
from deploy.sandbox.xero.errors import CallRefused
from deploy.sandbox.xero.wire import from_json, to_json

_AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS
_REPLIES = st.recursive(
    _PLAIN | _AMOUNTS,
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(_TEXTS, inner),
    max_leaves=8,
)


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


@given(_REPLIES)
def test_a_reply_is_written_as_python_writes_it(reply: Any) -> None:
    written = json.dumps(reply, ensure_ascii=False, separators=(",", ":"), default=_number)

    assert to_json(reply) == written.encode()


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("100.00", "100"),
        ("-0.00", "0"),
        ("1E+2", "100"),
        ("0.30", "0.3"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("9999999999999.1234", "9999999999999.123"),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_an_amount_is_written_as_the_number_it_is(amount: str, written: str) -> None:
    wire._WRITTEN.clear()  # 0 and -0.00 are equal, and so is what is remembered of them

    assert to_json({"Amount": Decimal(amount)}) == f'{{"Amount":{written}}}'.encode()


def test_a_date_is_written_in_xeros_notation_wherever_it_is() -> None:
    day, moment = date(2026, 2, 10), datetime(2026, 2, 10, 12, 30, 15, 123_000, tzinfo=UTC)

    assert to_json([day, {"At": moment}]) == b'["/Date(1770681600000+0000)/",{"At":"/Date(1770726615123+0000)/"}]'


@given(_REPLIES.map(lambda value: json.dumps(value, default=str)))
def test_a_body_is_read_as_python_reads_it_with_every_digit_of_its_numbers(body: str) -> None:
    assert repr(from_json(body.encode())) == repr(json.loads(body, parse_float=Decimal))


@pytest.mark.parametrize(
    "body",
    [b'"\\ud800"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf1", '{"a": 1.50}'.encode("utf-16"), b"1e400", b"-0", b"9" * 40],
)
def test_what_only_python_takes_for_json_is_read_too(body: bytes) -> None:
    assert repr(from_json(body)) == repr(json.loads(body, parse_float=Decimal))


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":1,}', b"01", b'"\xff"', b'"\x01"', b'"\\x"', b"1 2", b"NaN"])
def test_6_what_is_no_json_is_refused_in_the_same_words(body: bytes) -> None:
    with pytest.raises(CallRefused) as refused:
        from_json(body)

    assert isinstance(refused.value.body, dict)
    assert refused.value.body["Message"] == f"JSON for post data was invalid: {_words(body)}"


def _words(body: bytes) -> str:
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no number")

    with pytest.raises(ValueError) as error:  # noqa: PT011 - its words are what is asked for
        json.loads(body, parse_constant=refuse)
    return str(error.value)
