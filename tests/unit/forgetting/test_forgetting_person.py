"""Who a message is about, and the same message without them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.codec import decode_event, encode_event
from schemas.entities import Entity, Invoice
from tests.support.mapping_cases import BUYER, event, invoice, line, organisation
from worker.forgetting.person import (
    FORGOTTEN,
    Identity,
    Person,
    guest_id,
    identity_of,
    known_part,
    mentions,
    telling,
    tells,
    without_person,
)
from worker.mapping.plan import Writes, plan

ORG = organisation()
ONE_GUEST = organisation(guests="one")
GUEST = {"email": "Jo@Example.com ", "name": "Jo Doe"}


def message(customer: dict[str, Any]) -> Any:
    """An invoice's event as JSON."""
    return json.loads(encode_event(event(Entity.INVOICE, invoice(line("10.00"), customer=customer))))


def test_a_customers_own_event_says_whose_it_is() -> None:
    data = {"id": "7", "email": "Jo@Example.com", "first_name": "Jo"}

    one = identity_of(json.loads(encode_event(event(Entity.CUSTOMER, data))), ORG)

    assert one == Identity("webshop", "7", "jo@example.com")


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        (BUYER, Identity("webshop", "7", "jo@example.com")),
        (GUEST, Identity("webshop", guest_id("jo@example.com", ORG), "jo@example.com")),
    ],
)
def test_a_sale_says_who_bought(customer: dict[str, Any], expected: Identity) -> None:
    assert identity_of(message(customer), ORG) == expected


def test_where_all_guests_are_one_none_has_an_id() -> None:
    assert identity_of(message(GUEST), ONE_GUEST) == Identity("webshop", "", "jo@example.com")
    assert guest_id("jo@example.com", ONE_GUEST) == ""


@pytest.mark.parametrize("garbage", [None, 3, [], {}, {"data": 3}, {"data": {}}, {"data": {"customer": []}}])
def test_what_is_no_sale_is_of_nobody(garbage: object) -> None:
    assert identity_of(garbage, ORG) is None


def test_a_sale_whose_address_is_no_text_has_no_guests_id() -> None:
    bought = {"data": {"customer": {"name": "Jo Doe", "email": 5}}, "source": "webshop"}

    assert identity_of(bought, ORG) == Identity("webshop", "", "5")


def test_a_person_is_meant_by_id_in_their_store_or_by_address() -> None:
    person = Person(frozenset({("shop", "7")}), frozenset({"jo@example.com"}))

    assert person.is_meant(Identity("shop", "7", ""))
    assert person.is_meant(Identity("outlet", "9", "jo@example.com"))
    assert not person.is_meant(Identity("outlet", "7", ""))
    assert not person.is_meant(Identity("shop", "", ""))
    assert Person(frozenset({("", "7")})).is_meant(Identity("outlet", "7", "x@example.com"))


@pytest.mark.parametrize("customer", [BUYER, GUEST])
def test_a_sale_without_its_person_books_the_same_for_the_same_contact(customer: dict[str, Any]) -> None:
    before = message(customer | {"address": {"lines": ["1 High St"], "city": "Leeds", "country": "GB"}})

    body = without_person(json.dumps(before).encode(), ORG)
    after = decode_event(body)

    assert isinstance(after.data, Invoice)
    assert after.data.customer.name == FORGOTTEN
    for word in ("Jo", "example.com", "High St", "Leeds"):
        assert word.lower() not in body.decode().lower()
    assert _documents(before) == _documents(json.loads(body))
    assert without_person(body, ORG) == body


def test_a_message_without_unknown_fields_says_what_it_said() -> None:
    one = message(BUYER)
    extended = {**one, "joext": "Jo", "data": {**one["data"], "contact": {"name": "Jo"}}}

    body = known_part(json.dumps(extended).encode())

    assert decode_event(body) == decode_event(json.dumps(one).encode())
    assert b"joext" not in body
    assert b"contact" not in body


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"data": {"customer": {"name": "Jo"}}}', b"[" * 100_000])
def test_of_what_is_no_event_nothing_stays(body: bytes) -> None:
    assert without_person(body, ORG) == known_part(body) == b""


def test_a_text_that_repeats_a_name_is_known() -> None:
    one = message({"name": "Jo Doe", "email": "jo@example.com", "phone": "12", "address": {"lines": ["1 High St"]}})

    assert tells("the contact JO DOE is archived", one)
    assert tells("1 high st", one)
    assert not tells("12 lines", one)
    assert not tells("anything", None)


@pytest.mark.parametrize(
    "text",
    [
        "of JO@example.com",
        "of jo\\u0040example.com",
        b'"jo@example.com"',
        '"jo@example.com'.encode("utf-16-le"),
        *(f'"sold to:{escape}jo@example.com"' for escape in ("\\n", "\\t", "\\r\\n", "\\/")),
    ],
)
def test_an_address_is_found_however_it_is_written(text: str | bytes) -> None:
    assert mentions(text, {"jo@example.com"})
    assert not mentions(text, {"al@example.com"})
    assert not mentions(text, ())


def test_an_address_with_a_slash_is_found_where_json_escapes_it() -> None:
    assert mentions('"jo\\/doe@example.com"', {"jo/doe@example.com"})


def test_a_word_that_may_be_anyones_does_not_tell_who_is_meant() -> None:
    assert telling(message({"name": "Guest", "email": "jo@example.com", "phone": "0113 496"})) == {
        "jo@example.com",
        "0113 496",
    }
    assert telling({"data": {"first_name": "Jo", "last_name": "Doe"}}) == {"Jo Doe"}


def _documents(message: Any) -> list[tuple[object, str]]:
    planned = plan(decode_event(json.dumps(message).encode()), ORG)
    assert isinstance(planned, Writes)
    return [(one.key, "" if one.only_if_absent else one.content_hash) for one in planned.writes]
