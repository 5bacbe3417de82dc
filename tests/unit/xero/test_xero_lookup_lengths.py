"""Look-ups stay below what web servers take of an address, whatever is in a name."""

from __future__ import annotations

import httpx
import pytest

from tests.support.xero_fakes import member_of
from worker.documents.documents import Kind
from worker.ledger.records import Member
from worker.xero.lookup import LookupRequest, lookups


def contact(entity_id: str, name: str) -> Member:
    return member_of(Kind.CONTACT, entity_id, {"Name": name}, number=f"webshop:{entity_id}")


def length(request: LookupRequest) -> int:
    """Of the query, as it goes out."""
    return len(httpx.URL("http://x").copy_with(params=dict(request.params)).query)


@pytest.mark.parametrize("letter", ["a", "/", '"', "Ж", "株", "\U0001f381"])
@pytest.mark.parametrize("letters", [1, 20, 60, 255])
def test_a_look_up_of_contacts_stays_short_whatever_their_names(letter: str, letters: int) -> None:
    members = [contact(str(number), letter * letters) for number in range(25)]

    requests = lookups(Kind.CONTACT, members)

    assert [member for request in requests for member in request.members] == members
    assert max(map(length, requests)) <= 2_048


def test_a_contact_whose_name_is_too_long_to_ask_for_is_asked_for_by_its_number() -> None:
    (request,) = lookups(Kind.CONTACT, [contact("1", "株" * 255)])

    assert request.params["where"] == 'ContactNumber=="webshop:1"'
