"""Which messages are read at all when somebody is looked for: none of theirs may be missed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.mapping_cases import organisation
from worker.forgetting.person import Identity, Person, guest_id, identity_of, mentions
from worker.forgetting.sieve import sieve_for
from worker.views.parked import message_of

ORG = organisation()
JO = "jo@example.com"
KNOWN = Person(frozenset({("shop", "4711")}), frozenset({JO}))
AS_GUEST = Person(frozenset({("", guest_id(JO, ORG))}), addresses=frozenset({JO}))


def sale(**buyer: Any) -> dict[str, Any]:
    return {"source": "shop", "type": "store.invoice.changed", "data": {"id": "1", "customer": buyer}}


def escaped(text: str, places: set[int]) -> str:
    """Some of its letters by their code points, as JSON may have them."""
    return "".join(f"\\u{ord(letter):04x}" if place in places else letter for place, letter in enumerate(text))


@given(
    email=st.sampled_from([JO, "Jo@Example.COM", " jo@example.com ", "Al+jo@example.com", "j\u00f6@example.com", ""]),
    customer_id=st.sampled_from(["4711", "47110", "7", 4711, 4711.0, None, guest_id(JO, ORG)]),
    name=st.text(max_size=20),
    places=st.sets(st.integers(0, 20)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"]),
    plain=st.booleans(),
)
@pytest.mark.parametrize("person", [KNOWN, AS_GUEST])
def test_no_message_is_missed_that_is_theirs_or_has_their_address(
    person: Person, email: str, customer_id: Any, name: str, places: set[int], encoding: str, plain: bool
) -> None:
    message = sale(id=customer_id, email="\x01", name=name.encode(errors="ignore").decode())
    text = json.dumps(message, ensure_ascii=not plain).replace("\\u0001", escaped(email, places))
    body = text.replace("/", "\\/").encode(encoding)

    one = identity_of(json.loads(body), ORG)

    assert one is not None
    theirs = person.is_meant(one) or mentions(body, person.emails)
    assert sieve_for(person, ORG)(body) or not theirs


@pytest.mark.parametrize("person", [KNOWN, AS_GUEST])
def test_what_has_neither_id_nor_address_is_not_read(person: Person) -> None:
    others = json.dumps(sale(id="8", email="al@example.com", name="Al Öb", company="B/C"))

    assert not sieve_for(person, ORG)(others.encode())
    assert not sieve_for(person, ORG)(others.replace("/", "\\/").encode())


def test_a_guest_whose_address_nobody_knows_may_be_in_any_message() -> None:
    message = sale(email=JO, name="Jo Doe")
    person = Person(frozenset({("shop", guest_id(JO, ORG))}))

    one = identity_of(message, ORG)

    assert one == Identity("shop", guest_id(JO, ORG), JO)
    assert person.is_meant(one)
    assert sieve_for(person, ORG)(json.dumps(message).encode())


def test_an_id_or_address_with_half_a_surrogate_pair_is_found_as_it_is_shown() -> None:
    body = json.dumps(sale(id="47\ud80011", email="jo\ud800@example.com")).encode()
    person = Person(frozenset({("shop", "47?11")}))

    one = identity_of(message_of(body), ORG)

    assert one == Identity("shop", "47?11", "jo?@example.com")
    assert sieve_for(person, ORG)(body)
    assert sieve_for(Person(emails=frozenset({one.email})), ORG)(body)


@pytest.mark.parametrize("word", ["j\u00f6@example.com", 'a"b', "a\\b", "a\tb"])
def test_what_json_may_write_in_other_ways_may_be_in_any_message(word: str) -> None:
    assert sieve_for(Person(frozenset({("shop", word)})), ORG)(b"{}")


@pytest.mark.parametrize("number", ["4711", "4711.0", "4.711e3", "4.711E+3", "47110e-1"])
@pytest.mark.parametrize("message", [sale(id=0), sale() | {"type": "store.customer.changed", "data": {"id": 0}}])
def test_an_id_is_found_that_a_message_has_as_a_number_however_it_is_written(
    number: str, message: dict[str, Any]
) -> None:
    body = json.dumps(message).replace('"id": 0', f'"id": {number}').encode()

    one = identity_of(message_of(body), ORG)

    assert one is not None
    assert KNOWN.is_meant(one)
    assert sieve_for(KNOWN, ORG)(body)
