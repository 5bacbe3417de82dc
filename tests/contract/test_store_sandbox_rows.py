"""What rows of the sandbox store look like, with the traps that Magento's rows hold."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from deploy.sandbox.store.style import Style, Version
from tests.support.store_documents import Json, Shown, a_market, at, cents, rows_of, shown, total

STORES = {version: Style(version=version) for version in ("2.3", "2.4", "2.4.8")}


@pytest.fixture(scope="module")
def stores() -> dict[str, Shown]:
    market = a_market(1000, 21)
    return {version: shown(market, style) for version, style in STORES.items()}


@pytest.fixture(scope="module")
def store(stores: dict[str, Shown]) -> Shown:
    return stores["2.4"]


def items(store: Shown) -> list[Json]:
    return [item for order in store.orders.values() for item in order["items"]]


def test_3_2_every_product_type_is_sold(store: Shown) -> None:
    kinds = {item["product_type"] for item in items(store)}

    assert kinds == {"simple", "virtual", "downloadable", "configurable", "grouped", "bundle", "giftcard"}


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_3_2_a_row_total_is_less_its_discount(stores: dict[str, Shown], version: Version) -> None:
    for order in stores[version].orders.values():
        for item in rows_of(order):
            net = _net(item)
            wanted = net - at(item, "discount_amount")
            assert at(item, "row_total") == (wanted if version == "2.3" else max(wanted, Decimal(0)))


def test_3_2_a_row_total_of_2_4_8_forgets_the_quantity(stores: dict[str, Shown]) -> None:
    wrong = 0
    for order in stores["2.4.8"].orders.values():
        for item in rows_of(order):
            unit = at(item, "price") - at(item, "discount_amount")
            assert at(item, "row_total") == max(unit, Decimal(0))
            wrong += item["qty_ordered"] > 1 and at(item, "row_total") != _net(item)

    assert wrong > 150


def _net(item: Json) -> Decimal:
    gross = at(item, "row_total_incl_tax") - at(item, "tax_amount") - at(item, "discount_tax_compensation_amount")
    return gross + at(item, "discount_amount") - cents(item.get("weee_tax_applied_row_amount"))


def test_3_2_children_of_configurable_products_and_fixed_bundles_are_free(store: Shown) -> None:
    kinds = set()
    for order in store.orders.values():
        parents = {item["item_id"]: item for item in order["items"]}
        for item in order["items"]:
            if (parent := parents.get(item.get("parent_item_id"))) is None:
                continue
            assert item["parent_item"]["item_id"] == parent["item_id"]
            if parent["product_type"] == "configurable":
                assert (item["base_price"], parent["sku"]) == (0, item["sku"])
            kinds.add((parent["product_type"], item["base_price"] > 0))

    assert kinds == {("configurable", False), ("bundle", False), ("bundle", True)}


def test_3_2_a_dynamic_bundle_shows_the_sums_of_its_parts(store: Shown) -> None:
    found = 0
    for order in store.orders.values():
        for bundle in (item for item in order["items"] if item["product_type"] == "bundle"):
            parts = [item for item in rows_of(order) if item.get("parent_item_id") == bundle["item_id"]]
            if parts:
                found += 1
                assert total(parts, "tax_amount") == at(bundle, "tax_amount")
                assert total(parts, "row_invoiced") >= at(bundle, "row_invoiced") == 0
                assert bundle["discount_amount"] == 0

    assert found > 20


def test_3_2_the_free_child_of_a_bundle_shows_its_parents_price_in_2_4_8(stores: dict[str, Shown]) -> None:
    shown_prices = {
        version: {
            (item["price"] > 0)
            for item in items(store)
            if item.get("parent_item", {}).get("product_type") == "bundle" and item["base_price"] == 0
        }
        for version, store in stores.items()
    }

    assert shown_prices == {"2.3": {False}, "2.4": {False}, "2.4.8": {True}}


def test_3_2_orders_are_of_all_kinds_of_buyers(store: Shown) -> None:
    orders = store.orders.values()
    deleted = [order for order in orders if not order["customer_is_guest"] and "customer_id" not in order]
    nameless = [order for order in orders if order["customer_is_guest"] and "customer_firstname" not in order]
    without_view = [order for order in orders if "store_id" not in order]

    assert len(deleted) > 1
    assert len(nameless) > 30
    assert len(without_view) > 1
    assert all(order["billing_address"]["firstname"] for order in nameless)
    assert {order["store_name"].partition("\n")[0] for order in without_view} == {"Main Website"}
    assert all(order["customer_email"] for order in orders)


def test_3_2_orders_are_in_every_currency_and_state(store: Shown) -> None:
    orders = store.orders.values()

    assert {(order["base_currency_code"], order["order_currency_code"]) for order in orders} == {
        ("GBP", "GBP"),
        ("EUR", "EUR"),
        ("EUR", "USD"),
        ("USD", "USD"),
    }
    assert {order["state"] for order in orders} == {"new", "processing", "complete", "closed", "canceled"}
    assert {order["payment"]["method"] for order in orders} == {
        "stripe_payments",
        "paypal_express",
        "banktransfer",
        "checkmo",
        "free",
    }


def test_3_2_an_order_without_delivery_has_no_shipping_address(store: Shown) -> None:
    for order in store.orders.values():
        (assignment,) = order["extension_attributes"]["shipping_assignments"]
        assert ("address" in assignment["shipping"]) == (order["is_virtual"] == 0)


def test_3_2_what_was_paid_counts_every_invoice_once_one_is_paid(store: Shown) -> None:
    invoices: dict[Decimal, list[Json]] = {}
    for invoice in store.invoices:
        invoices.setdefault(invoice["order_id"], []).append(invoice)

    misleading = unpaid = 0
    for order_id, order in store.orders.items():
        made = invoices.get(order_id, [])
        if any(one["state"] == 2 for one in made):
            assert cents(order["payment"]["amount_paid"]) == total(made, "grand_total")
            misleading += any(one["state"] != 2 for one in made)
        else:
            assert "amount_paid" not in order["payment"]
            unpaid += 1

    assert misleading > 0
    assert unpaid > 0


def test_3_2_an_edited_order_and_its_successor_name_each_other(store: Shown) -> None:
    by_number = {order["increment_id"]: order for order in store.orders.values()}
    successors = [order for order in store.orders.values() if "edit_increment" in order]

    for made in successors:
        original = by_number[made["original_increment_id"]]
        assert made["increment_id"] == f"{original['increment_id']}-1"
        assert (original["state"], original["relation_child_real_id"]) == ("canceled", made["increment_id"])
        assert made.get("store_id") == original.get("store_id")
    assert len(successors) > 5


def test_3_2_fixed_product_taxes_are_a_text_and_beside_or_in_the_subtotal(store: Shown) -> None:
    found = [item for item in items(store) if "weee_tax_applied" in item]

    assert len(found) > 20
    for item in found:
        (applied,) = json.loads(item["weee_tax_applied"])
        assert cents(applied["row_amount"]) == cents(item["weee_tax_applied_row_amount"])
    types = {
        one["type"]
        for order in store.orders.values()
        for one in order["extension_attributes"].get("item_applied_taxes", ())
    }
    assert types == {"product", "shipping", "weee"}


def test_3_2_several_rates_on_a_row_are_listed_one_by_one(store: Shown) -> None:
    codes = {
        tuple(tax["code"] for tax in one["applied_taxes"])
        for order in store.orders.values()
        for one in order["extension_attributes"].get("item_applied_taxes", ())
    }

    assert ("US-NY-STATE", "US-NY-CITY") in codes
    assert {("GB-VAT-20",), ("GB-VAT-5",), ("DE-VAT-19",), ("DE-VAT-7",), ("FR-VAT-20",)} < codes


def test_3_1_some_computed_amounts_carry_the_dirt_of_floats() -> None:
    market = a_market(300, 3)

    def dirty(style: Style) -> list[bool]:
        amounts = (item.get("row_total_incl_tax", Decimal(0)) for item in items(shown(market, style)))
        return [amount != cents(amount) for amount in amounts]

    assert 0 < sum(dirty(Style())) < len(dirty(Style())) / 3
    assert not any(dirty(Style(noise=False)))


def test_3_3_invoices_leave_the_rows_of_free_children_without_amounts(store: Shown) -> None:
    bare = 0
    for document in (*store.invoices, *store.memos):
        charged = {item["item_id"] for item in rows_of(store.orders[document["order_id"]])}
        for item in document["items"]:
            assert ("row_total" in item) == (item["order_item_id"] in charged)
            bare += "row_total" not in item

    assert bare > 100


def test_3_3_only_credit_memos_mention_fixed_product_taxes(store: Shown) -> None:
    assert not any("weee_tax_applied_amount" in item for one in store.invoices for item in one["items"])
    assert any(item.get("weee_tax_applied_amount") for one in store.memos for item in one["items"])
    assert all("base_cost" in item for one in store.memos for item in one["items"])


def test_3_3_a_credit_memo_names_its_invoice_when_the_gateway_paid(store: Shown) -> None:
    online = [memo for memo in store.memos if "transaction_id" in memo]
    offline = [memo for memo in store.memos if "transaction_id" not in memo]

    assert len(online) > 30
    assert len(offline) > 20
    assert all("invoice_id" in memo for memo in online)
    assert not any("invoice_id" in memo for memo in offline)


def test_3_3_credit_memos_are_of_every_kind(store: Shown) -> None:
    def of(memo: Json) -> str:
        if memo["adjustment_positive"]:
            return "goodwill"
        if memo["adjustment_negative"]:
            return "fee"
        if not memo["items"]:
            return "shipping"
        order = store.orders[memo["order_id"]]
        return "whole" if at(memo, "subtotal") == at(order, "subtotal") else "part"

    assert {of(memo) for memo in store.memos} == {"goodwill", "fee", "shipping", "whole", "part"}


def test_4_1_numbers_are_unique_within_kind_and_view_only(store: Shown) -> None:
    orders = [order["increment_id"] for order in store.orders.values()]
    invoices = [invoice["increment_id"] for invoice in store.invoices]

    assert len(set(orders)) == len(orders)
    assert len(set(invoices)) == len(invoices)
    assert set(orders) & set(invoices)
    of_first_view = [order for order in store.orders.values() if order.get("store_id") == 1]
    assert {len(order["increment_id"].removesuffix("-1")) for order in of_first_view} == {9}


def test_the_same_seed_makes_the_same_store() -> None:
    one, same, other = (shown(a_market(60, seed), Style()) for seed in (4, 4, 5))

    assert one == same
    assert one != other
