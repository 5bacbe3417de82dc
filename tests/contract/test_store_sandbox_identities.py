"""Every document of the store adds up, as section 3.9 of Magento's rules says, in both currencies."""

from __future__ import annotations

from decimal import Decimal

import pytest

from deploy.sandbox.store.style import Style
from tests.support.store_documents import (
    AFTER_DISCOUNT,
    VERSIONS,
    Json,
    Shown,
    a_market,
    at,
    cents,
    identity_c,
    identity_i,
    identity_o,
    line_gross,
    rows_of,
    shown,
    total,
)

PREFIXES = ("", "base_")
WEBSITE_OF_VIEW = {1: 1, 2: 1, 3: 2, 4: 2, 5: 2, 6: 3, 7: 4}


@pytest.fixture(scope="module")
def store() -> Shown:
    return shown(a_market(3000, 11), Style())


def standing(store: Shown) -> list[Json]:
    """The invoices that are not cancelled."""
    return [invoice for invoice in store.invoices if invoice["state"] != 3]


def shipped_in_full(store: Shown) -> set[Decimal]:
    """Orders that had a discount on a cancelled invoice: their shipping has none on the one in its place."""
    return {one["order_id"] for one in store.invoices if one["state"] == 3 and one["discount_amount"]}


def website(document: Json) -> int:
    return WEBSITE_OF_VIEW[int(document.get("store_id", 1))]


def fpt_beside(document: Json, order: Json, prefix: str) -> Decimal:
    """The fixed product taxes of an invoice's or memo's rows, where the order has them beside its subtotal."""
    if website(order) == 4:
        return Decimal(0)
    unit = f"{prefix}weee_tax_applied_amount"
    units = {row["item_id"]: cents(row.get(unit)) for row in rows_of(order)}
    items = document["items"]
    return sum((cents(units.get(one["order_item_id"], 0) * one["qty"]) for one in items), Decimal(0))


def test_the_store_has_thousands_of_documents_of_each_kind(store: Shown) -> None:
    assert len(store.orders) > 3000
    assert len(store.invoices) > 2900
    assert len(store.memos) > 250


@pytest.mark.parametrize("prefix", PREFIXES)
def test_o_the_grand_total_of_every_order_adds_up(store: Shown, prefix: str) -> None:
    wrong = [
        order["increment_id"]
        for order in store.orders.values()
        if at(order, "grand_total", prefix) != identity_o(order, prefix)
    ]

    assert wrong == []


@pytest.mark.parametrize("prefix", PREFIXES)
def test_i_the_grand_total_of_every_invoice_adds_up(store: Shown, prefix: str) -> None:
    wrong = [
        invoice["increment_id"]
        for invoice in store.invoices
        if at(invoice, "grand_total", prefix)
        != identity_i(invoice, fpt_beside(invoice, store.orders[invoice["order_id"]], prefix), prefix)
    ]

    assert wrong == []


@pytest.mark.parametrize("prefix", PREFIXES)
def test_c_the_grand_total_of_every_credit_memo_adds_up(store: Shown, prefix: str) -> None:
    wrong = [
        memo["increment_id"]
        for memo in store.memos
        if at(memo, "grand_total", prefix)
        != identity_c(memo, fpt_beside(memo, store.orders[memo["order_id"]], prefix), prefix)
    ]

    assert wrong == []


@pytest.mark.parametrize("prefix", PREFIXES)
def test_l_rows_shipping_and_adjustments_make_every_document(store: Shown, prefix: str) -> None:
    for document in (*store.invoices, *store.memos):
        order = store.orders[document["order_id"]]
        goods = sum((line_gross(item, prefix) for item in document["items"]), Decimal(0))
        fpt = fpt_beside(document, order, prefix) if website(order) != 4 else _fpt_inside(document, order, prefix)
        fpt_tax = at(document, "tax_amount", prefix) - total(document["items"], "tax_amount", prefix)
        fpt_tax -= at(document, "shipping_tax_amount", prefix)
        adjusted = at(document, "adjustment_positive", prefix) - at(document, "adjustment_negative", prefix)
        tenders = at(document, "gift_cards_amount", prefix) + at(document, "customer_balance_amount", prefix)
        whole = goods + _shipping(document, prefix) + fpt + fpt_tax + adjusted - tenders

        assert whole == at(document, "grand_total", prefix), document["increment_id"]


def _fpt_inside(document: Json, order: Json, prefix: str) -> Decimal:
    return at(document, "subtotal", prefix) - total(document["items"], "row_total", prefix)


def _shipping(document: Json, prefix: str) -> Decimal:
    """Shipping after its discount and with its tax, from the fields of the header."""
    discount = -at(document, "discount_amount", prefix) - total(document["items"], "discount_amount", prefix)
    header = at(document, "discount_tax_compensation_amount", prefix)
    header += at(document, "shipping_discount_tax_compensation_amount", prefix)
    compensation = header - total(document["items"], "discount_tax_compensation_amount", prefix)
    net = at(document, "shipping_amount", prefix) - discount + compensation
    return net + at(document, "shipping_tax_amount", prefix)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_s_shipping_is_its_gross_less_its_discount_unless_that_lowered_an_added_tax(store: Shown, prefix: str) -> None:
    lowered, in_full = 0, shipped_in_full(store)
    for document in (*store.invoices, *store.memos):
        discount = -at(document, "discount_amount", prefix) - total(document["items"], "discount_amount", prefix)
        simple = at(document, "shipping_incl_tax", prefix) - discount
        if simple == _shipping(document, prefix):
            continue
        lowered += 1
        assert discount > 0 or document["order_id"] in in_full
        assert website(document) in {1, 3}
        assert AFTER_DISCOUNT[website(document)]

    assert lowered < len(store.invoices) / 20


@pytest.mark.parametrize("prefix", PREFIXES)
def test_t_tax_is_that_of_rows_shipping_and_fixed_product_taxes(store: Shown, prefix: str) -> None:
    for order in store.orders.values():
        taxes = {"product": Decimal(0), "shipping": Decimal(0), "weee": Decimal(0)}
        for applied in order["extension_attributes"].get("item_applied_taxes", []):
            amount = f"{prefix}amount"
            taxes[applied["type"]] += sum((cents(tax[amount]) for tax in applied["applied_taxes"]), Decimal(0))

        assert taxes["product"] == total(rows_of(order), "tax_amount", prefix)
        assert taxes["shipping"] == at(order, "shipping_tax_amount", prefix)
        assert sum(taxes.values()) == at(order, "tax_amount", prefix)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_invoices_of_a_wholly_invoiced_order_make_the_order(store: Shown, prefix: str) -> None:
    names = ("subtotal", "discount_amount", "shipping_amount", "tax_amount", "grand_total", "gift_cards_amount")
    billed: dict[Decimal, list[Json]] = {}
    for invoice in standing(store):
        billed.setdefault(invoice["order_id"], []).append(invoice)

    several, in_full = 0, shipped_in_full(store)
    for number, invoices in billed.items():
        order = store.orders[number]
        if all(item["qty_invoiced"] == item["qty_ordered"] for item in order["items"]):
            several += len(invoices) > 1
            expected = {name: at(order, name, prefix) for name in names}
            for name in ("discount_amount", "grand_total") if number in in_full else ():
                expected[name] += at(order, "shipping_discount_amount", prefix)
            assert {name: total(invoices, name, prefix) for name in names} == expected

    assert several > 50


def test_shipping_is_on_the_first_invoice_alone(store: Shown) -> None:
    seen: set[Decimal] = set()
    for invoice in standing(store):
        first = invoice["order_id"] not in seen
        seen.add(invoice["order_id"])
        order = store.orders[invoice["order_id"]]

        assert at(invoice, "shipping_amount") == (at(order, "shipping_amount") if first else 0)


def test_nothing_is_refunded_beyond_what_was_invoiced(store: Shown) -> None:
    for prefix in PREFIXES:
        for order in store.orders.values():
            due = at(order, "total_invoiced", prefix) - at(order, "total_refunded", prefix)
            assert due >= 0, order["increment_id"]
            for item in order["items"]:
                assert item["qty_refunded"] <= item["qty_invoiced"] <= item["qty_ordered"]


def test_no_document_is_below_zero(store: Shown) -> None:
    for document in (*store.orders.values(), *store.invoices, *store.memos):
        for name in ("grand_total", "subtotal", "tax_amount", "gift_cards_amount", "customer_balance_amount"):
            assert min(at(document, name, prefix) for prefix in PREFIXES) >= 0, document["increment_id"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_subtotal_can_be_rebuilt_from_rewritten_rows_of_every_version(version: str) -> None:
    store = shown(a_market(400, 5), Style(version=version))  # type: ignore[arg-type]  # one of them

    for order in store.orders.values():
        assert at(order, "grand_total") == identity_o(order, "")


def test_an_open_source_store_has_no_tender_but_money() -> None:
    store = shown(a_market(400, 5, commerce=False), Style(commerce=False))

    for document in (*store.orders.values(), *store.invoices, *store.memos):
        assert "gift_cards_amount" not in (document.get("extension_attributes") or {})
        assert "customer_balance_amount" not in (document.get("extension_attributes") or {})
    assert not any(item["product_type"] == "giftcard" for order in store.orders.values() for item in order["items"])
