"""What the store's truth says of a document's kind is what its readers can see in the document and its order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.support.store_fixture import StoreSandbox, run_store, where

Json = dict[str, Any]
Documents = dict[str, list[tuple[set[str], Json, Json]]]


@pytest.fixture(scope="module")
def large_store() -> Iterator[StoreSandbox]:
    for store in run_store("--orders", "400", "--seed", "5"):
        store.control("auth", bearer=True)
        yield store


@pytest.fixture(scope="module")
def documents(large_store: StoreSandbox) -> Documents:
    """By kind: the traits, the document, and its order."""
    found: Documents = {}
    orders = {row["entity_id"]: row for row in rows(large_store, "orders")}
    traits = {(one["kind"], one["id"]): set(one.get("traits", ())) for one in large_store.truth()["documents"]}
    for path, kind in (("invoices", "invoice"), ("creditmemos", "credit_memo")):
        found[kind] = [
            (traits[kind, row["entity_id"]], row, orders[row["order_id"]]) for row in rows(large_store, path)
        ]
    return found


def rows(store: StoreSandbox, path: str) -> list[Json]:
    return store.items(path, where(sort=["entity_id"]))


def money(raw: Json, name: str) -> Decimal:
    return Decimal(str(raw.get(name) or 0))


def sold(invoice: Json, order: Json, *types: str) -> bool:
    """Whether a row of such a product, one that costs something, is in it."""
    kinds = {item["item_id"]: item["product_type"] for item in order["items"]}
    return any(kinds[row["order_item_id"]] in types and money(row, "row_total") for row in invoice["items"])


SEEN_IN_INVOICES: dict[str, Callable[[Json, Json], bool]] = {
    "shipping-taxed": lambda raw, _: bool(money(raw, "shipping_tax_amount")),
    "free": lambda raw, _: (
        not any(
            (
                money(raw, "grand_total"),
                money(raw.get("extension_attributes", {}), "gift_cards_amount"),
                money(raw.get("extension_attributes", {}), "customer_balance_amount"),
            )
        )
    ),
    "fraction": lambda raw, _: any(money(row, "qty") % 1 for row in raw["items"] if money(row, "row_total")),
    "gift-card-sold": lambda raw, order: sold(raw, order, "giftcard"),
}
SEEN_IN_MEMOS: dict[str, Callable[[Json, Json], bool]] = {
    "adjustment-fee": lambda raw, _: bool(money(raw, "adjustment_negative")),
    "adjustment-alone": lambda raw, _: bool(money(raw, "adjustment_positive")) and not raw["items"],
    "shipping-alone": lambda raw, _: bool(money(raw, "shipping_amount")) and not raw["items"],
}


@pytest.mark.parametrize(
    ("kind", "trait", "is_seen"),
    [
        *(("invoice", *one) for one in SEEN_IN_INVOICES.items()),
        *(("credit_memo", *one) for one in SEEN_IN_MEMOS.items()),
    ],
)
def test_a_trait_is_said_of_the_documents_that_show_it(
    documents: Documents,
    kind: str,
    trait: str,
    is_seen: Callable[[Json, Json], bool],
) -> None:
    said = [raw["entity_id"] for traits, raw, _ in documents[kind] if trait in traits]

    assert said
    assert said == [raw["entity_id"] for _, raw, order in documents[kind] if is_seen(raw, order)]


def test_how_a_document_was_taxed_is_how_its_website_taxes(
    documents: Documents,
) -> None:
    ways = {
        "GBP": [{"tax-by-total", "prices-without-tax"}, {"tax-by-unit", "prices-with-tax"}],
        "EUR": [{"tax-by-row", "prices-with-tax"}],
        "USD": [{"tax-by-unit", "prices-without-tax"}],
    }
    names = {name for website in ways.values() for way in website for name in way}

    for traits, raw, order in documents["invoice"]:
        goods_taxed = any(money(row, "tax_amount") for row in raw["items"])
        expected = ways[order["base_currency_code"]] if goods_taxed else [set()]
        assert traits & names in expected


def test_everything_is_what_leaves_nothing_to_refund(
    documents: Documents,
) -> None:
    whole = [(raw, order) for traits, raw, order in documents["credit_memo"] if "everything" in traits]

    assert whole
    for raw, order in whole:
        back = {row["order_item_id"]: row["qty"] for row in raw["items"] if money(row, "row_total")}
        ordered = {item["item_id"]: item["qty_ordered"] for item in order["items"]}
        assert all(ordered[item] == quantity for item, quantity in back.items())


def test_an_order_has_no_traits(large_store: StoreSandbox) -> None:
    kinds = {one["kind"] for one in large_store.truth()["documents"] if "traits" not in one}

    assert kinds == {"order"}
