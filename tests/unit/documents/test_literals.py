from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.documents.literals import decode, encode

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**10), max_value=10**10)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(AMOUNTS)
def test_an_amount_travels_as_the_literal_it_is(amount: Decimal) -> None:
    body = encode({"Amount": amount})

    assert body == b'{"Amount":%s}' % format(amount, "f").encode()
    assert decode(body)["Amount"] == amount


@given(VALUES)
def test_other_values_are_plain_json(value: object) -> None:
    assert json.loads(encode(value)) == value


@pytest.mark.parametrize(
    ("amount", "literal"), [("0.1", b"0.1"), ("1E+3", b"1000"), ("1E-7", b"0.0000001"), ("-0.10", b"-0.10")]
)
def test_no_exponent_and_no_binary_noise(amount: str, literal: bytes) -> None:
    assert encode(Decimal(amount)) == literal


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_number_is_refused(value: Decimal) -> None:
    with pytest.raises(ValueError, match="not a number"):
        encode([value])


@pytest.mark.parametrize("value", [0.1, {"Amount": 1.5}, [{"Amount": [2.0]}], {"Date": object()}])
def test_floats_and_strange_values_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize(
    ("body", "value"),
    [(b'\xef\xbb\xbf{"Total":9.90}', {"Total": Decimal("9.90")}), (b'{"Name":"\\ud83d"}', {"Name": "\ud83d"})],
)
def test_a_byte_order_mark_and_half_a_pair_are_read(body: bytes, value: object) -> None:
    assert decode(body) == value


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
@pytest.mark.parametrize("number", [b"1e9999999999999999999", b"1e999999999", b"-1e13", b"1e-999999999"])
def test_a_number_that_is_no_amount_is_a_value_error(mark: bytes, number: bytes) -> None:
    with pytest.raises(ValueError, match="none that an amount may be"):
        decode(mark + b'{"Other":%b}' % number)


@pytest.mark.parametrize("number", ["9999999999999.99", "-0.00", "1e12", "0.0000000001", "0e-20"])
def test_any_amount_is_read_to_the_digit(number: str) -> None:
    assert decode(number.encode()).as_tuple() == Decimal(number).as_tuple()


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"Total":', b"\xff\xfe"])
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of json or of the text's encoding
        decode(body)
