"""Queries and signatures, held against another implementation of OAuth 1.0a."""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from authlib.oauth1.rfc5849.signature import construct_base_string
from hypothesis import given
from hypothesis import strategies as st

from producers.magento.failing import first_failing
from producers.magento.query import above, one_of, search, up_to
from producers.magento.signature import Integration, authorization, signature_base

INTEGRATION = Integration("ck", "c&s", "at", "t s")


def test_a_query_has_neither_spaces_nor_plus_signs_and_says_what_was_asked() -> None:
    until = datetime(2026, 10, 3, 12, 0, tzinfo=UTC)
    filters = [above("entity_id", 7), up_to("updated_at", until), one_of("sku", ["A+B", "C D"])]

    query = search(filters, order=["updated_at", "entity_id"], size=50, fields="items[id],total_count")

    assert not set(query) & {" ", "+", "[", "]"}
    said = dict(parse_qsl(query, keep_blank_values=True))
    assert said["searchCriteria[pageSize]"] == "50"
    assert said["searchCriteria[filter_groups][1][filters][0][value]"] == "2026-10-03T12:00:00"
    assert said["searchCriteria[filter_groups][2][filters][0][value]"] == "A+B,C D"
    assert said["searchCriteria[sortOrders][1][direction]"] == "ASC"
    assert said["fields"] == "items[id],total_count"


@pytest.mark.parametrize("year", [2039, 9999])
def test_no_time_is_asked_for_that_a_column_cannot_hold(year: int) -> None:
    assert up_to("updated_at", datetime(year, 12, 31, tzinfo=UTC)).value == "2038-01-19T03:14:07"


@given(
    values=st.lists(st.tuples(st.text(min_size=1, max_size=5), st.text(max_size=8)), max_size=4),
    path=st.from_regex(r"(/[a-zA-Z0-9_-]{1,8}){1,4}", fullmatch=True),
)
def test_what_is_signed_is_what_another_implementation_signs(values: list[tuple[str, str]], path: str) -> None:
    query = search([above(name, value) for name, value in values], order=["entity_id"], size=1)
    url = f"https://shop.example.com{path}?{query}"
    parameters = {"oauth_nonce": "n1", "oauth_timestamp": "1", "oauth_token": "at"}

    ours = signature_base("GET", url, parameters)

    pairs = [(unquote(name), unquote(value)) for name, _, value in (one.partition("=") for one in query.split("&"))]
    theirs = construct_base_string("GET", url, [*parameters.items(), *pairs], "shop.example.com")
    assert ours == theirs


def test_the_header_carries_a_signature_made_of_both_secrets() -> None:
    url = "https://shop.example.com/rest/V1/orders?searchCriteria="

    header = authorization("GET", url, INTEGRATION, nonce="abc", timestamp=1_700_000_000)

    given_ = {name: unquote(value.strip('"')) for name, _, value in (p.partition("=") for p in header[6:].split(", "))}
    signature = given_.pop("oauth_signature")
    key, base = b"c%26s&t%20s", signature_base("GET", url, given_).encode()
    assert signature == b64encode(hmac.digest(key, base, sha256)).decode()
    assert given_["oauth_signature_method"] == "HMAC-SHA256"


def test_an_integration_does_not_show_its_values() -> None:
    assert repr(INTEGRATION) == "Integration()"


@pytest.mark.parametrize("other", ["http://h:8080/rest/V1/x", "https://h/rest/V1/x"])
def test_the_host_is_signed_with_its_port_where_it_has_one(other: str) -> None:
    base = unquote(signature_base("GET", other, {}).split("&")[1])

    assert base == other
    assert urlsplit(base).netloc == urlsplit(other).netloc


@given(low=st.integers(0, 1000), distance=st.integers(1, 10_000_000), room=st.integers(0, 100))
async def test_the_row_that_fails_is_found_in_few_questions(low: int, distance: int, room: int) -> None:
    asked = 0

    async def fails_up_to(place: int) -> bool:
        nonlocal asked
        asked += 1
        return place >= low + distance

    found = await first_failing(low, low + distance + room, fails_up_to=fails_up_to)

    assert found == low + distance
    assert asked <= 2 * distance.bit_length() + 2


async def test_where_nothing_fails_nothing_is_found() -> None:
    async def works(_place: int) -> bool:
        return False

    assert await first_failing(5, 1000, fails_up_to=works) is None
