"""People, products, places and odd values: what Magento leaves out, deletes, renames or writes in its own way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from producers.magento.translate.invoices import invoice
from producers.magento.translate.people import address, buyer, customer
from producers.magento.translate.places import read_places
from producers.magento.translate.products import product
from producers.magento.translate.sales import order
from producers.magento.translate.values import Unreadable
from producers.store import Place, StoreRefuses
from schemas.entities import Customer, Order, Product, ProductKind
from tests.support.magento_samples import (
    ADDRESS,
    CONFIGS,
    VIEWS,
    WEBSITES,
    customer_json,
    invoice_json,
    order_json,
    places,
    product_json,
)
from tests.support.magento_trade import wire


def ordered(**changes: Any) -> Order:
    (found,) = order(wire(order_json(**changes)), places())
    assert isinstance(found.data, Order)
    return found.data


def without(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in names}


def test_a_customer_has_the_phone_company_and_address_of_the_billing_address() -> None:
    home = {**ADDRESS, "id": 811, "company": "Home"}
    billing = {
        **ADDRESS,
        "id": 812,
        "company": "Marsh &amp; Daughters",
        "vat_id": "GB123456789",
        "region": {"region": "Fife"},
    }

    (found,) = customer(customer_json(addresses=[home, billing]), places())

    data = found.data
    assert isinstance(data, Customer)
    assert (data.id, data.company, data.tax_number, data.website) == (
        "4711",
        "Marsh & Daughters",
        "GB123456789",
        "base",
    )
    assert (data.first_name, data.last_name, data.phone) == ("Ivy", "Marsh", "+44 1904 496 0000")
    assert data.address is not None
    assert (data.address.lines, data.address.region, data.address.country) == (("4 Mill Lane", "Flat 2"), "Fife", "GB")
    assert (data.address.city, data.address.postal_code) == ("York", "YO1 7HH")
    assert found.version == datetime(2026, 9, 30, 17, 2, 44, tzinfo=UTC)
    assert found.places == (Place("base"), Place("base", "default"))


def test_a_customer_may_have_no_address_at_all() -> None:
    (found,) = customer(without(customer_json(), "addresses", "default_billing", "lastname"), places())

    assert isinstance(found.data, Customer)
    assert found.data.address is None


def test_a_customers_own_tax_number_goes_before_that_of_the_billing_address_and_a_sales_after_it() -> None:
    there = {**ADDRESS, "id": 812, "vat_id": "GB123456789"}

    (found,) = customer(customer_json(taxvat="GB987654321", addresses=[there]), places())
    sold = [buyer(order_json(customer_taxvat="GB987654321", billing_address=one)) for one in (there, ADDRESS)]

    assert isinstance(found.data, Customer)
    assert found.data.tax_number == "GB987654321"
    assert [one.tax_number for one in sold] == ["GB123456789", "GB987654321"]


def test_a_buyer_is_the_customer_of_the_account_and_a_sale_without_a_number_has_its_id() -> None:
    imported = ordered(increment_id=None)

    assert (imported.customer.id, imported.number) == ("4711", "123")


def test_a_guest_and_a_deleted_customer_have_no_id() -> None:
    guest = buyer(order_json(customer_is_guest=1, customer_id=None))
    deleted = buyer(without(order_json(), "customer_id"))

    assert (guest.id, deleted.id) == (None, None)
    assert guest.name == deleted.name == "Ivy Marsh"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"customer_firstname": "Ida", "customer_lastname": "Fenn"}, "Ida Fenn"),
        ({}, "Ivy Marsh"),
        ({"billing_address": {"company": "Marsh Ltd"}}, "Marsh Ltd"),
        ({"billing_address": None}, "ivy.marsh@example.co.uk"),
        ({"billing_address": None, "customer_email": None}, "Guest"),
    ],
)
def test_a_buyer_always_has_a_name(changes: dict[str, Any], name: str) -> None:
    assert buyer(order_json(**changes)).name == name


def test_an_address_keeps_all_its_lines_and_only_a_true_country() -> None:
    found = address({"street": ["a", "b", "", "c", "d", "e"], "country_id": "gb "})

    assert found is not None
    assert (found.lines, found.country) == (("a", "b", "c", "d, e"), "GB")
    assert address({"country_id": "England"}) is None


def test_a_product_is_what_can_stand_on_a_line() -> None:
    (found,) = product(product_json(name="Caf&eacute; <b>Press</b>\n1&nbsp;l"), places())

    assert isinstance(found.data, Product)
    assert found.data == Product(id="101", sku="BRUSH/1", name="Café Press 1 l")
    assert found.places == (Place("base"), Place("base", "default"))


def test_a_product_without_websites_in_its_answer_is_everybodys() -> None:
    (found,) = product(without(product_json(), "extension_attributes"), places())

    assert found.places == (Place("base"), Place("base", "default"), Place("nz"), Place("nz", "kiwi"))


def test_a_gift_card_is_a_liability_and_a_choice_is_no_item() -> None:
    (card,) = product(product_json(type_id="giftcard"), places())

    assert isinstance(card.data, Product)
    assert card.data.kind is ProductKind.GIFT_CARD
    assert [product(product_json(type_id=kind), places()) for kind in ("configurable", "grouped")] == [(), ()]


@pytest.mark.parametrize("state", ["pending_payment", "payment_review", "holded"])
def test_an_order_that_is_not_decided_is_no_sale(state: str) -> None:
    assert order(wire(order_json(state=state)), places()) == ()


def test_a_cancelled_order_and_the_one_it_was_edited_into_are_two() -> None:
    old = ordered(state="canceled", total_canceled=122.99, relation_child_real_id="000000123-1")
    new = ordered(entity_id=124, increment_id="000000123-1", original_increment_id="000000123")

    assert (old.cancelled, old.number) == (True, "000000123")
    assert (new.cancelled, new.number) == (False, "000000123-1")


def test_a_partly_cancelled_order_is_not_guessed() -> None:
    with pytest.raises(Unreadable, match=r"8.99 of its 122.99 are cancelled; .*book such orders from their invoices"):
        ordered(total_canceled=8.99)


def test_an_order_does_not_take_its_refunds_adjustments_for_its_own() -> None:
    found = ordered(adjustment_positive=0, adjustment_negative=5)

    assert found.totals.gross == Decimal("122.99")
    assert found.adjustments == ()


def test_rows_and_figures_that_contradict_each_other_are_told_with_both_sums() -> None:
    raw = order_json(items=order_json()["items"][:2])

    with pytest.raises(Unreadable, match=r"its rows add up to 114\.00, its own figures to 122\.99"):
        order(wire(raw), places())


def test_a_fee_that_only_the_total_knows_is_a_residual() -> None:
    found = ordered(grand_total=125.49)

    assert (found.residual.net, found.residual.tax) == (Decimal("2.50"), Decimal("0.00"))
    assert found.totals.gross == Decimal("125.49")


def test_a_fee_of_the_order_is_found_in_the_invoice_whose_total_holds_it() -> None:
    fees = [{"custom_fee_code": "pack", "custom_fee_label": "Packing", "custom_fee_amount": 1.5}]
    raw = order_json(grand_total=124.49)
    raw["extension_attributes"]["custom_fees"] = fees

    (sale,) = order(wire(raw), places())
    found, *_ = invoice(
        wire(invoice_json(grand_total=61.5)), wire(raw), places(), captured={}, offline_methods=frozenset()
    )

    for one in (sale, found):
        data: Any = one.data
        assert (data.lines[-1].name, data.lines[-1].net) == ("Packing", Decimal("1.50"))
        assert data.residual.net == 0


def test_a_row_that_money_cannot_have_is_refused_by_the_contract() -> None:
    raw = invoice_json(grand_total=-1, items=[{"order_item_id": 211, "qty": 1, "row_total": -1}], subtotal=-1)
    zero = {"discount_amount": 0, "shipping_amount": 0, "tax_amount": 0, "discount_tax_compensation_amount": 0}

    with pytest.raises(ValidationError, match="must not be negative"):
        invoice(
            wire(without(raw | zero, "shipping_tax_amount")),
            wire(order_json()),
            places(),
            captured={},
            offline_methods=frozenset(),
        )


def test_a_sale_in_another_currency_has_the_orders_rate() -> None:
    found = ordered(order_currency_code="NZD", base_to_order_rate=2.1375)

    assert (found.currency, found.rate) == ("NZD", Decimal("2.1375"))
    assert ordered().rate is None


@pytest.mark.parametrize(
    ("changes", "website", "day"),
    [
        ({"store_id": 1}, "base", date(2026, 10, 3)),
        ({"store_id": 3}, "nz", date(2026, 10, 4)),
        ({"store_id": None, "store_name": "Aotearoa\nAotearoa Store\nOld"}, "nz", date(2026, 10, 4)),
        ({"store_id": None, "store_name": "Unknown\nx\ny"}, "", date(2026, 10, 3)),
        ({"store_id": 99}, "base", date(2026, 10, 3)),
    ],
    ids=["its view", "another zone", "a deleted view", "a deleted website", "a view nobody lists"],
)
def test_a_sale_belongs_to_its_website_and_that_ones_day(changes: dict[str, Any], website: str, day: date) -> None:
    raw = order_json(created_at="2026-10-03 12:30:00", **changes)

    (found,) = order(wire(raw), places())

    data: Any = found.data
    assert (data.website, found.places[0].website, data.date) == (website, website, day)


def test_a_time_zone_nobody_knows_is_told_with_its_store_view() -> None:
    with pytest.raises(StoreRefuses, match="store view default has the time zone 'Mars/Olympus'"):
        read_places([{**CONFIGS[0], "timezone": "Mars/Olympus"}], VIEWS, WEBSITES)


def test_a_store_without_store_views_is_refused() -> None:
    with pytest.raises(StoreRefuses, match="has no store view"):
        read_places([], VIEWS[:1], WEBSITES)
