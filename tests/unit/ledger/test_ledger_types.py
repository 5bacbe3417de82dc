"""What the ledger keeps as JSON comes back as it was."""

from __future__ import annotations

import json
import zlib
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Lane
from tests.support.xero_fakes import call_from, known_of, sale_element, write_of
from worker.documents.documents import Kind
from worker.instants import micros
from worker.ledger.calls.call_rows import call_of, row_of
from worker.ledger.database.types import dump, dump_plain, load, pack, unpack
from worker.xero.compose import compose

TEXTS = st.text(st.characters(codec="utf-8"))
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False)
FACTS = st.dictionaries(TEXTS, PLAIN) | st.dictionaries(
    TEXTS.filter(lambda name: name != "$decimal"), PLAIN | AMOUNTS | st.dictionaries(st.just("digest"), TEXTS)
)


@given(FACTS)
def test_facts_come_back_as_they_were(facts: dict[str, Any]) -> None:
    found = load(dump(facts))

    assert found == facts
    assert [str(one) for one in found.values()] == [str(one) for one in facts.values()]


@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_plain_json_is_what_python_makes_of_it(value: Any) -> None:
    assert json.loads(dump_plain(value)) == value


def test_an_amount_keeps_its_zeros() -> None:
    assert str(load(dump({"total": Decimal("12.50")}))["total"]) == "12.50"


@given(st.binary(max_size=300), st.integers(0, 300))
def test_what_was_packed_comes_back_however_often_it_repeats(piece: bytes, times: int) -> None:
    assert unpack(pack(piece * times)) == piece * times


def test_what_was_packed_by_earlier_versions_is_read() -> None:
    assert unpack(zlib.compress(b"members" * 9_000, 3)) == b"members" * 9_000


def test_a_call_that_the_first_version_opened_is_read() -> None:
    call = call_from(compose([write_of(Kind.INVOICE, "1", sale_element("I-shop-1"))], known_of()))
    members = [
        {
            "key": list(one.key),
            "kind": one.kind.value,
            "version": micros(one.version),
            "number": one.number,
            "content_hash": one.content_hash,
            "action": one.action.value,
            "element": one.element,
            "xero_id": one.xero_id,
        }
        for one in call.members
    ]

    read = call_of(row_of(call, Lane.BATCH) | {"members": zlib.compress(dump(members).encode(), 3)})

    assert [one.element for one in read.members] == [one.element for one in call.members]
    assert [one._replace(text=b"") for one in read.members] == [one._replace(text=b"") for one in call.members]
