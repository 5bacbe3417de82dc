"""Contacts and items are compared in all that the store says of them: else a rebuild would send them all anew."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import event, writes
from tests.unit.rebuild.test_rebuild_restoring import KNOWN, PERSON, item, person, restored
from worker.documents.documents import Write
from worker.documents.literals import decode
from worker.ledger.records import Known
from worker.rebuild.restoring import UNKNOWN
from worker.xero.elements import DIGESTS, text_of

HOME = {"lines": ["4 Mill Lane"], "city": "York", "postal_code": "YO1 7HH", "country": "GB"}
REACHED = PERSON | {"tax_number": "GB123", "phone": "+44 1904", "address": HOME}
(CUSTOMER,) = writes(event(Entity.CUSTOMER, REACHED))
(PRODUCT,) = writes(event(Entity.PRODUCT, {"id": "3", "sku": "MUG", "name": "Mug", "description": "Holds tea"}))


def reached(**changes: Any) -> dict[str, Any]:
    """As Xero shows a contact: with phones and addresses of each kind, most of them empty."""
    phones = [{"PhoneType": "DDI", "PhoneNumber": ""}, {"PhoneType": "DEFAULT", "PhoneNumber": "+44 1904"}]
    home = {"AddressLine1": "4 Mill Lane", "City": "York", "Region": "", "PostalCode": "YO1 7HH", "Country": "GB"}
    addresses = [{"AddressType": "STREET", "City": ""}, {"AddressType": "POBOX", **home}]
    return person(**{"TaxNumber": "GB123", "Phones": phones, "Addresses": addresses, **changes})


def described(**changes: Any) -> dict[str, Any]:
    return item(**{"Description": "Holds tea", **changes})


@pytest.mark.parametrize(("write", "element"), [(CUSTOMER, reached()), (PRODUCT, described())])
def test_what_xero_holds_in_full_is_not_sent_again(write: Write, element: dict[str, Any]) -> None:
    row = restored(write, [element], KNOWN)

    assert row is not None
    assert (row.content_hash, "linked" in row.facts) == (write.content_hash, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"TaxNumber": "GB124"},
        {"Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "+44 1905"}]},
        {"Addresses": [{"AddressType": "POBOX", "City": "York"}]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_contact_that_differs_in_one_of_them_is_updated_by_the_stores_next_event(changes: dict[str, Any]) -> None:
    row = restored(CUSTOMER, [reached(**changes)], KNOWN)

    assert row is not None
    assert row.content_hash == UNKNOWN


@pytest.mark.parametrize(
    "shown",
    [{}, {"Name": "Jo Doe (7)"}, {"Name": "Jo Doe (webshop:7)"}, {"ContactStatus": "ARCHIVED"}],
    ids=["alike", "with its id", "with its number", "archived"],
)
def test_the_next_change_of_a_contact_carries_what_changed_alone(shown: dict[str, Any]) -> None:
    row = restored(CUSTOMER, [reached(**shown)], KNOWN)
    (changed,) = writes(event(Entity.CUSTOMER, REACHED | {"phone": "+44 1905"}))

    assert row is not None
    update = decode(text_of(changed, Known({row.key: row}, frozenset())))
    assert set(update) - {DIGESTS} == {"ContactID", "ContactNumber", "Phones"}


def test_an_item_of_another_description_is_left_alone() -> None:
    row = restored(PRODUCT, [described(Description="By hand")], KNOWN)

    assert row is not None
    assert row.facts["linked"]
