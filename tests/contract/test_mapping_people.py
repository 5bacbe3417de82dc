"""Contacts and items of every policy, taken by Xero, beside people who work on them too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from deploy.sandbox.xero.person import act
from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.bookkeeping import Books
from tests.support.mapping_cases import event, invoice, line, organisation
from tests.support.xero_openapi import MISSING, OPENAPI, Requests, load_openapi
from tests.unit.mapping.test_mapping_contacts_items import CUSTOMER, PRODUCT
from worker.ledger.records import Known
from worker.mapping.plan import Writes, plan
from worker.xero.compose import compose

Json = dict[str, Any]

ADDRESS = {"lines": ["1 High St"], "city": "York", "postal_code": "YO1 1AA", "country": "GB"}
FULL = CUSTOMER | {"phone": "01904 1", "tax_number": "GB1", "address": ADDRESS}


@pytest.fixture
def books() -> Iterator[Books]:
    made = Books()
    yield made
    made.close()


def at(hour: int, entity: Entity, data: Json) -> Event:
    one = event(entity, data)
    return one.model_copy(update={"version": one.version + timedelta(hours=hour)})


def edited(books: Books) -> Json:
    """A person gives the customer another phone, then the store another e-mail."""
    books.book(at(0, Entity.CUSTOMER, FULL))
    (contact,) = books.sandbox.main.contacts
    phones = [{"PhoneType": "DEFAULT", "PhoneNumber": "0800 9"}]
    act(books.sandbox, {"do": "rename-contact", "name": contact["ContactID"], "to": "Jo D."})
    contact["Phones"] = phones
    books.book(at(1, Entity.CUSTOMER, FULL | {"email": "new@example.com"}))
    return {"name": contact["Name"], "phone": contact["Phones"][0]["PhoneNumber"], "email": contact["EmailAddress"]}


def test_what_a_person_changed_of_a_contact_stays(books: Books) -> None:
    assert edited(books) == {"name": "Jo D.", "phone": "0800 9", "email": "new@example.com"}


def test_it_is_overwritten_where_configured(books: Books) -> None:
    books.org = organisation(contact_edits="overwrite")

    assert edited(books) == {"name": "Jo Doe", "phone": "01904 1", "email": "new@example.com"}


def test_all_guests_are_one_contact_where_configured(books: Books) -> None:
    books.org = organisation(guests="one")
    for number, name in enumerate(("G. One", "G. Two")):
        buyer = {"email": f"g{number}@example.com", "name": name}
        books.book(event(Entity.INVOICE, invoice(line("1.00"), id=f"3{number}", number=f"{number}", customer=buyer)))

    assert [contact["Name"] for contact in books.sandbox.main.contacts] == ["Guest (webshop)"]
    assert len(books.invoices()) == 2


def test_two_skus_that_begin_alike_are_two_items_with_codes_that_stay(books: Books) -> None:
    skus = ["A long stock keeping unit, in blue", "A long stock keeping unit, in red"]
    products = [at(0, Entity.PRODUCT, PRODUCT | {"id": f"{n}", "sku": sku}) for n, sku in enumerate(skus)]

    books.book(*products)
    books.book(*[at(1, Entity.PRODUCT, one.data.model_dump() | {"name": "New"}) for one in products])

    items = list(books.sandbox.main.items)
    assert len({item["Code"] for item in items}) == len(items) == 2
    assert all(len(item["Code"]) <= 30 and not item["IsTrackedAsInventory"] for item in items)


def test_a_price_that_a_person_set_stays_unless_configured(books: Books) -> None:
    books.book(at(0, Entity.PRODUCT, PRODUCT))
    (item,) = books.sandbox.main.items
    item["SalesDetails"]["UnitPrice"] = Decimal(7)

    books.book(at(1, Entity.PRODUCT, PRODUCT | {"name": "Shirt, blue"}))
    kept = item["SalesDetails"]["UnitPrice"]
    books.org = organisation(item_prices="store")
    books.book(at(2, Entity.PRODUCT, PRODUCT | {"name": "Shirt"}))

    assert (kept, item["SalesDetails"]["UnitPrice"]) == (7, 10)


@pytest.mark.skipif(not OPENAPI.exists(), reason=MISSING)
def test_their_payloads_are_what_xeros_schema_takes(books: Books) -> None:
    requests = Requests(load_openapi())
    books.look = requests.check
    edited(books)
    books.org = organisation(guests="one", item_prices="store")
    books.book(event(Entity.PRODUCT, PRODUCT), event(Entity.INVOICE, invoice(line("1.00"), customer={"name": "G"})))
    accounts = organisation().accounts.model_dump() | {"inventory": "630", "cost_of_goods": "310"}
    tracked = plan(event(Entity.PRODUCT, PRODUCT), organisation(accounts=accounts))
    assert isinstance(tracked, Writes)

    # the sandbox has no stock: only the schema sees this one
    requests.check(compose(tracked.writes, Known({}, frozenset())))

    assert requests.checked == 6
