"""Lists of an organisation that has more than 100,000 records of a kind [xero 7]."""

from __future__ import annotations

import pytest

from deploy.sandbox.xero.clock import SandboxClock
from deploy.sandbox.xero.errors import CallRefused, Json
from deploy.sandbox.xero.reading import MOST_RECORDS
from deploy.sandbox.xero.reads import read
from deploy.sandbox.xero.store import Book


@pytest.fixture(scope="module")
def vast() -> Book:
    """An organisation with one contact more than Xero lists at once."""
    book = Book("main", SandboxClock())
    for n in range(MOST_RECORDS + 1):
        known = {"ContactID": f"{n:036}", "ContactNumber": f"shop:{n}", "Name": f"n{n}", "ContactStatus": "ACTIVE"}
        book.contacts.put({**known, "UpdatedDateUTC": book.clock.utc()})
    return book


def contacts(book: Book, **query: str) -> list[Json]:
    found: list[Json] = read(book, ("Contacts",), query, None)["Contacts"]
    return found


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"where": 'ContactNumber=="shop:7"', "page": "1"},
        {"where": 'Name=="n7" OR ContactNumber=="shop:7"', "page": "1"},
        {"order": "EmailAddress", "page": "1"},
    ],
    ids=["whole", "by number", "by name or number", "in an order of no index"],
)
def test_7_what_is_asked_of_too_many_records_is_refused(vast: Book, query: dict[str, str]) -> None:
    with pytest.raises(CallRefused) as refused:
        contacts(vast, **query)

    assert refused.value.status == 400
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["Type"] == "HighVolumeException"


@pytest.mark.parametrize(
    "query",
    [
        {"page": "8", "pageSize": "1", "order": "ContactID"},
        {"where": 'Name=="N7"'},
        {"IDs": f"{7:036}", "where": 'ContactNumber=="shop:7"'},
    ],
    ids=["a page", "by name", "of named ones"],
)
def test_7_optimised_questions_are_answered_however_many_there_are(vast: Book, query: dict[str, str]) -> None:
    assert [one["Name"] for one in contacts(vast, **query)] == ["n7"]


def test_7_one_contact_is_found_by_its_number_however_many_there_are(vast: Book) -> None:
    [found] = read(vast, ("Contacts", "shop:7"), {}, None)["Contacts"]

    assert found["Name"] == "n7"
