from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.documents.content import Content, ItemCode, XeroId
from worker.documents.documents import Kind, Write
from worker.documents.keys import DocumentKey
from worker.documents.pieces import Kept

CONTACT = DocumentKey("main", "shop", "customer", '7"\\', "contact")
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**10), max_value=10**10)
CODES = st.text(min_size=1, max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | AMOUNTS,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
def test_what_has_no_open_places_is_plain_json(payload: dict[str, Any]) -> None:
    sent = Content.of(payload).filled({}, ())

    assert json.loads(sent, parse_float=Decimal) == payload


@pytest.mark.parametrize(
    ("amount", "literal"), [("0.10", b"0.1"), ("1E+3", b"1000"), ("1E-7", b"0.0000001"), ("-0.10", b"-0.1")]
)
def test_an_amount_is_the_number_it_is(amount: str, literal: bytes) -> None:
    assert Content.of({"Amount": Decimal(amount)}).filled({}, ()) == b'{"Amount":%s}' % literal


@given(st.text(), st.lists(CODES, min_size=1, max_size=4, unique=True), st.data())
def test_places_are_filled_and_unknown_codes_left_out(xero_id: str, codes: list[str], data: st.DataObject) -> None:
    known = frozenset(data.draw(st.lists(st.sampled_from(codes), unique=True)))
    lines = [{"AccountCode": "200", "ItemCode": ItemCode(code), "Quantity": Decimal(2)} for code in codes]
    content = Content.of({"Contact": {"ContactID": XeroId(CONTACT)}, "LineItems": lines, "Only": {"A": lines[0]}})

    sent = json.loads(content.filled({CONTACT: xero_id}, known))

    assert sent["Contact"] == {"ContactID": xero_id}
    assert [line.get("ItemCode") for line in sent["LineItems"]] == [code if code in known else None for code in codes]
    assert (content.needs, content.codes) == (frozenset({CONTACT}), frozenset(codes))


def test_a_code_that_stands_alone_leaves_an_empty_object() -> None:
    content = Content.of({"A": {"ItemCode": ItemCode("x")}, "B": {"ItemCode": ItemCode("x"), "Z": 1}})

    assert content.filled({}, ()) == b'{"A":{},"B":{"Z":1}}'


def test_the_hash_stays_what_it_is_in_every_version() -> None:
    payload = {"Type": "ACCREC", "Contact": {"ContactID": XeroId(CONTACT)}, "Lines": [{"ItemCode": ItemCode("A")}]}

    content = Content.of({**payload, "Amount": Decimal("9.990")})

    assert content == Content.of({"Amount": Decimal("9.99"), **payload})
    assert content.hash == "38c1136e4c7c9a41ad60fb12d5914729d50db83888eaaab6078d28c2646f0726"


def test_an_object_whose_json_is_kept_makes_the_same_document() -> None:
    line = {"TaxAmount": Decimal("1.5"), "ItemCode": ItemCode("A"), "Description": "Tea"}

    kept = Content.of({"Type": "ACCREC", "LineItems": [Kept(line), Kept(line)]}, is_plain=True)

    plain = Content.of({"Type": "ACCREC", "LineItems": [line, line]})
    assert kept.payload == plain.payload
    assert (kept.hash, kept.codes) == (plain.hash, plain.codes)
    assert [kept.filled({}, codes) for codes in ((), {"A"})] == [plain.filled({}, codes) for codes in ((), {"A"})]


def test_a_payload_is_made_only_when_it_is_asked_for() -> None:
    made: list[str] = []

    content = Content(lambda: made.append("made") or {"Name": "Ann"})  # type: ignore[func-returns-value] # counts

    assert made == []
    assert content.hash
    assert content.payload == {"Name": "Ann"}
    assert made == ["made"]


def test_what_is_shown_of_a_content_names_nobody() -> None:
    content = Content.of({"Name": "Ann"})

    shown = f"{content!r} {Write(CONTACT, Kind.CONTACT, datetime.now(UTC), '7', content)!r}"

    assert "Ann" not in shown


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), object(), float("nan")])
def test_what_json_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        Content.of({"Amount": value}).filled({}, ())
