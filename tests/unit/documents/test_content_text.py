"""What is sent and what is hashed is, byte for byte, what Python's own JSON encoder makes of a payload.

Hashes are kept in ledgers and decide what is sent again: they may never change.
"""

from __future__ import annotations

import json
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode_event
from tests.support.mapping_cases import organisation
from worker.documents.content import Content, ItemCode, XeroId
from worker.documents.keys import DocumentKey
from worker.mapping.plan import Ignored, plan

MESSAGES = Path("examples/messages")
ORG = organisation(
    name="acme",
    tax=dict.fromkeys(("de_standard", "de_reduced", "standard", "outside", "none"), "OUTPUT2"),
    payments={"default": "090"},
)
IDS = st.text(min_size=1, max_size=4)
KEYS = st.builds(DocumentKey, IDS, IDS, IDS, IDS, IDS)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=['"']), max_size=5) | st.sampled_from(
    ["ItemCode", "%s"]
)
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from([Decimal("-0.00"), Decimal("1E+3")])
TEXTS = st.text() | st.sampled_from(['\0"\\', "%s", "\x7f\x80", "\u2028", "😀"])
PLAIN = st.none() | st.booleans() | st.integers() | TEXTS | AMOUNTS
FIELDS = PLAIN | st.builds(XeroId, KEYS) | st.builds(ItemCode, st.text(min_size=1, max_size=4))
OBJECTS = st.recursive(
    st.dictionaries(NAMES, FIELDS, max_size=5),
    lambda inner: st.dictionaries(
        NAMES, FIELDS | inner | st.lists(inner | PLAIN | st.builds(XeroId, KEYS), max_size=3), max_size=4
    ),
    max_leaves=8,
)


class Word(StrEnum):
    WORD = "word"


@given(OBJECTS)
def test_the_hash_is_that_of_pythons_encoder(payload: dict[str, Any]) -> None:
    text = encoded(payload, lambda key: "\ud801" + "\ud801".join(key), lambda code: "\ud802" + code)

    assert Content.of(payload).hash == sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@given(OBJECTS, st.data())
def test_what_is_sent_is_what_pythons_encoder_makes_of_it(payload: dict[str, Any], data: st.DataObject) -> None:
    content = Content.of(payload)
    ids = {key: data.draw(st.text(max_size=4)) for key in sorted(content.needs)}
    codes = frozenset(code for code in sorted(content.codes) if data.draw(st.booleans()))

    sent = content.filled(ids, codes)

    assert sent == encoded(without(payload, codes), ids.__getitem__, str).encode()


def test_a_word_of_an_enum_is_text() -> None:
    assert Content.of({"A": Word.WORD}) == Content.of({"A": "word"})


@pytest.mark.parametrize(
    ("name", "hashes"),
    [
        ("store.credit_memo.changed", ["de8078797b8da7a2", "44136fa355b3678a", "9816be87b7d8e763"]),
        ("store.customer.changed", ["abf3550d10029f55"]),
        ("store.invoice.changed--gift-card", ["61e2b0d885e82e17", "123aca22e679e117"]),
        ("store.invoice.changed", ["de8078797b8da7a2", "24e6ee06afcf9c4f"]),
        ("store.payment.changed--gift-card", ["f6f60a6fd3ee6a4d"]),
        ("store.payment.changed--refund", ["4f6ccd20123de53c"]),
        ("store.payment.changed", ["0b5a3daf4d2eb1ff"]),
        ("store.product.changed", ["3a5bd6176400af19"]),
    ],
)
def test_the_documents_of_the_examples_keep_their_hashes(name: str, hashes: list[str]) -> None:
    planned = plan(decode_event((MESSAGES / f"{name}.json").read_bytes()), ORG)

    assert not isinstance(planned, Ignored)
    assert [write.content_hash[:16] for write in planned.writes] == hashes


def encoded(payload: dict[str, Any], of_key: Any, of_code: Any) -> str:
    """How a payload was written at first: numbers and places come back from the encoder as marked text."""

    def marked(value: object) -> str:
        if isinstance(value, Decimal):
            return f"\ud800{value.normalize() if value else Decimal(0):f}\ud800"
        raise TypeError(type(value).__name__)

    text = json.dumps(
        opened(payload, of_key, of_code), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=marked
    )
    return text.replace('"\ud800', "").replace('\ud800"', "")


def opened(value: Any, of_key: Any, of_code: Any) -> Any:
    if isinstance(value, XeroId):
        return of_key(value.key)
    if isinstance(value, ItemCode):
        return of_code(value.code)
    if isinstance(value, dict):
        return {name: opened(inner, of_key, of_code) for name, inner in value.items()}
    return [opened(inner, of_key, of_code) for inner in value] if isinstance(value, list) else value


def without(value: Any, codes: frozenset[str]) -> Any:
    """The payload without the fields whose item code is not among `codes`."""
    if isinstance(value, dict):
        kept = {n: v for n, v in value.items() if not isinstance(v, ItemCode) or v.code in codes}
        return {name: without(inner, codes) for name, inner in kept.items()}
    return [without(inner, codes) for inner in value] if isinstance(value, list) else value
