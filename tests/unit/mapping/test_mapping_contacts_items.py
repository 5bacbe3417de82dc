"""Customers become contacts, products become items."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import BUYER, event, invoice, key, line, organisation, removed, writes
from worker.documents.documents import Kind
from worker.mapping.plan import Ignored, Unmappable, plan

CUSTOMER: dict[str, Any] = {"id": "7", "first_name": "Jo", "last_name": "Doe", "email": "jo@example.com"}
PRODUCT: dict[str, Any] = {"id": "3", "sku": "SHIRT-1", "name": "Shirt", "price": "10.0000"}


def contact(**changes: Any) -> dict[str, Any]:
    (write,) = writes(event(Entity.CUSTOMER, CUSTOMER | changes))
    return dict(write.payload)


def item(**changes: Any) -> dict[str, Any]:
    (write,) = writes(event(Entity.PRODUCT, PRODUCT | changes))
    return dict(write.payload)


def buyer_contact(**changes: Any) -> Any:
    sale = invoice(line("1.00"), customer=BUYER | changes)
    return writes(event(Entity.INVOICE, sale))[0]


def test_a_customer_is_a_contact_with_what_the_store_knows() -> None:
    address = {"lines": ["1 High St", "Flat 2"], "city": "York", "postal_code": "YO1 1AA", "country": "GB"}

    (write,) = writes(event(Entity.CUSTOMER, CUSTOMER | {"address": address, "phone": "01 2", "tax_number": "GB1"}))

    assert (write.kind, write.key, write.number) == (Kind.CONTACT, key("customer", "7", "contact"), "webshop:7")
    assert not write.only_if_absent
    assert write.payload == {
        "ContactNumber": "webshop:7",
        "Name": "Jo Doe",
        "FirstName": "Jo",
        "LastName": "Doe",
        "EmailAddress": "jo@example.com",
        "TaxNumber": "GB1",
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "01 2"}],
        "Addresses": [
            {
                "AddressType": "POBOX",
                "AddressLine1": "1 High St",
                "AddressLine2": "Flat 2",
                "City": "York",
                "PostalCode": "YO1 1AA",
                "Country": "GB",
            }
        ],
    }


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"company": "Doe & Sons"}, "Doe & Sons"),
        ({"company": " <Doe>   Sons "}, "Doe Sons"),
        ({"first_name": "", "last_name": ""}, "jo@example.com"),
        ({"first_name": "<>", "last_name": " ", "email": ""}, "Customer webshop:7"),
        ({"company": "x" * 250 + "    y"}, "x" * 250 + " y"),
    ],
)
def test_a_contacts_name_is_the_first_that_is_left_after_xeros_rules(changes: dict[str, str], name: str) -> None:
    assert contact(**changes)["Name"] == name


@pytest.mark.parametrize("email", ["jörg@example.com", "jo@exämple.com", "jo", "jo@example", "a b@example.com", ""])
def test_an_e_mail_that_xero_would_refuse_is_left_out(email: str) -> None:
    assert "EmailAddress" not in contact(email=email)


@pytest.mark.parametrize(
    "email", ["jo..doe@example.com", ".jo@example.com", "jo.@example.com", "jo@-example.com", "jo@example-.com"]
)
def test_an_e_mail_with_a_dot_or_hyphen_out_of_place_is_left_out(email: str) -> None:
    assert "EmailAddress" not in contact(email=email)


@pytest.mark.parametrize("email", ["jo.o'neil+shop@mail.my-example.co.uk", "_j-o_@xn--exmple-cua.com", "1@2.io"])
def test_an_e_mail_that_is_one_is_kept(email: str) -> None:
    assert contact(email=email)["EmailAddress"] == email


def test_what_is_too_long_is_cut_and_a_tax_number_left_out() -> None:
    payload = contact(phone="1" * 60, tax_number="2" * 51, address={"postal_code": "3" * 60})

    assert payload["Phones"][0]["PhoneNumber"] == "1" * 50
    assert payload["Addresses"][0]["PostalCode"] == "3" * 50
    assert "TaxNumber" not in payload


def test_a_long_contact_number_is_hashed_to_fifty_characters() -> None:
    first, second = ("a" * 63 + end for end in "bc")

    numbers = [writes(event(Entity.CUSTOMER, CUSTOMER | {"id": one}))[0].number for one in (first, second)]

    assert all(len(number) <= 50 for number in numbers)
    assert numbers[0] != numbers[1]


@pytest.mark.parametrize(("length", "kept"), [(42, True), (43, False)])
def test_a_contact_number_of_fifty_characters_is_the_longest_kept_as_it_is(length: int, kept: bool) -> None:
    (write,) = writes(event(Entity.CUSTOMER, CUSTOMER | {"id": "a" * length}))

    assert len(write.number) <= 50
    assert (write.number == f"webshop:{'a' * length}") == kept


def test_a_removed_customer_and_product_are_kept() -> None:
    for entity in (Entity.CUSTOMER, Entity.PRODUCT):
        planned = plan(removed(entity, "7"), organisation())

        assert isinstance(planned, Ignored)
        assert planned.reason.startswith("kept: ")


def test_a_sales_buyer_is_written_only_where_no_contact_is_and_never_over_a_newer_one() -> None:
    write = buyer_contact(company="Doe Ltd")

    assert write.key == key("customer", "7", "contact")
    assert write.only_if_absent
    assert write.version < event(Entity.CUSTOMER, CUSTOMER).version
    assert (write.payload["Name"], write.number) == ("Doe Ltd", "webshop:7")


def test_guests_with_one_e_mail_are_one_contact() -> None:
    first = buyer_contact(id=None, email="Guest@Example.com", name="G. One")
    second = buyer_contact(id=None, email="guest@example.com ", name="G. Two")
    other = buyer_contact(id=None, email="other@example.com", name="G. One")

    assert first.key == second.key != other.key
    assert first.key.entity_id.startswith("guest:")
    assert first.number == f"webshop:{first.key.entity_id}"
    assert len(first.number) <= 50


def test_all_guests_of_a_store_may_be_one_contact_that_is_nobody_in_particular() -> None:
    org = organisation(guests="one")
    buyers = [{"email": "g@example.com", "name": "G. One"}, {"email": "", "name": "G. Two", "tax_number": "GB1"}]

    first, second = (writes(event(Entity.INVOICE, invoice(line("1.00"), customer=who)), org)[0] for who in buyers)
    known = writes(event(Entity.INVOICE, invoice(line("1.00"), customer=BUYER)), org)[0]

    assert first.payload == second.payload == {"ContactNumber": "webshop:guest:all", "Name": "Guest (webshop)"}
    assert first.key == second.key != known.key
    assert known.number == "webshop:7"


def test_a_customers_update_keeps_what_people_edited_unless_configured() -> None:
    (kept,) = writes(event(Entity.CUSTOMER, CUSTOMER))
    (overwritten,) = writes(event(Entity.CUSTOMER, CUSTOMER), organisation(contact_edits="overwrite"))

    assert kept.keeps_edits
    assert not overwritten.keeps_edits


def test_guests_without_e_mail_are_known_by_name_and_address() -> None:
    here = buyer_contact(id=None, email="", address={"city": "York"})
    again = buyer_contact(id=None, email="", address={"city": "York"})
    there = buyer_contact(id=None, email="", address={"city": "Leeds"})

    assert here.key == again.key != there.key


def test_the_id_of_a_guest_never_changes_as_contacts_in_xero_are_known_by_it() -> None:
    address = {"lines": ['1 "High" St'], "city": "Köln", "country": "DE"}

    guest = buyer_contact(id=None, email="", name="Jo Kühn", address=address)

    assert guest.key.entity_id == "guest:9959089e5a1d6110"


def test_a_product_is_an_untracked_item_without_a_price() -> None:
    (write,) = writes(event(Entity.PRODUCT, PRODUCT | {"description": " Blue. "}))

    assert (write.kind, write.key, write.number) == (Kind.ITEM, key("product", "3", "item"), "SHIRT-1")
    assert write.payload == {
        "Code": "SHIRT-1",
        "Name": "Shirt",
        "Description": "Blue.",
        "IsSold": True,
        "SalesDetails": {"AccountCode": "200"},
    }


def test_an_items_price_is_the_stores_only_where_configured() -> None:
    (write,) = writes(event(Entity.PRODUCT, PRODUCT), organisation(item_prices="store"))
    (without,) = writes(event(Entity.PRODUCT, PRODUCT | {"price": None}), organisation(item_prices="store"))

    assert write.payload["SalesDetails"] == {"AccountCode": "200", "UnitPrice": Decimal(10)}
    assert without.payload["SalesDetails"] == {"AccountCode": "200"}


def test_goods_are_tracked_only_where_the_accounts_of_stock_are_configured_and_gift_cards_never() -> None:
    accounts = organisation().accounts.model_dump() | {"inventory": "630", "cost_of_goods": "310"}
    org = organisation(accounts=accounts)

    (goods,) = writes(event(Entity.PRODUCT, PRODUCT), org)
    (card,) = writes(event(Entity.PRODUCT, PRODUCT | {"kind": "gift_card"}), org)

    assert goods.payload["InventoryAssetAccountCode"] == "630"
    assert goods.payload["PurchaseDetails"] == {"COGSAccountCode": "310"}
    assert "InventoryAssetAccountCode" not in card.payload


@pytest.mark.parametrize("sku", ["x" * 31, "x" * 63, " leading", "two  spaces"])
def test_a_sku_that_xero_could_not_keep_becomes_a_short_code_that_stays_the_same(sku: str) -> None:
    code = item(sku=sku)["Code"]

    assert len(code) <= 30
    assert code == item(sku=sku)["Code"] != item(sku=sku + "y")["Code"]


def test_names_and_descriptions_of_items_are_cut() -> None:
    payload = item(name="n" * 80, description="d" * 4000)

    assert (len(payload["Name"]), len(payload["Description"])) == (50, 4000)


def test_what_is_cut_fits_in_utf_16_too_and_no_character_is_halved() -> None:
    gift = "\U0001f381"

    payload = item(name=f"n{gift * 49}", description=gift * 2001)
    buyer = contact(first_name="", last_name="", company=gift * 250)

    assert (payload["Name"], payload["Description"]) == (f"n{gift * 24}", gift * 2000)
    assert buyer["Name"] == gift * 127


def test_a_gift_card_sells_to_its_liability_account_which_has_to_be_configured() -> None:
    accounts = organisation().accounts.model_dump() | {"gift_card": None}

    assert item(kind="gift_card")["SalesDetails"] == {"AccountCode": "841"}
    with pytest.raises(Unmappable, match=r"account_missing.*gift_card") as raised:
        writes(event(Entity.PRODUCT, PRODUCT | {"kind": "gift_card"}), organisation(accounts=accounts))
    assert 'gift_card = "<account code>"' in raised.value.hint
