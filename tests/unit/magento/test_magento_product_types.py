"""Which rows of a sale carry money, for each product type and tax setting, in orders and in their invoices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from producers.magento.translate.invoices import invoice
from producers.magento.translate.lines import document_lines
from producers.magento.translate.sales import order
from schemas.entities import Sale as SaleData
from schemas.parts import LineKind
from tests.support.magento_samples import CARDIGAN, CHOSEN, applied, order_json, places
from tests.support.magento_tax import Setting
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import CITY, STATE, VAT_5, Ware

Lines = list[tuple[str, str, str, str, str]]
OFF = ("Discount: simple 201", "discount", "1", "-10.00", "0.00")
WHOLE = Ware("0", rates=())
DYNAMIC = Ware("0", 2, "bundle", (), parts=(Ware("3.00", 1), Ware("1.25", 2, "virtual", (VAT_5,))))
FIXED = Ware("8.00", 2, "bundle", parts=(WHOLE, WHOLE))


def lines_of(sale: SaleData) -> Lines:
    return [(line.name, str(line.kind), f"{line.quantity:f}", f"{line.net}", f"{line.tax}") for line in sale.lines]


def ordered(sale: Sale) -> SaleData:
    (found,) = order(wire(sale.order), places())
    assert isinstance(found.data, SaleData)
    return found.data


def invoiced(sale: Sale) -> SaleData:
    found, *_ = invoice(wire(sale.invoice()), wire(sale.order), places(), captured={}, offline_methods=frozenset())
    assert isinstance(found.data, SaleData)
    return found.data


@pytest.mark.parametrize(
    ("ware", "lines"),
    [
        (Ware(kind="simple", quantity=3), [("simple 201", "goods", "3", "30.00", "6.00")]),
        (Ware(kind="virtual"), [("virtual 201", "goods", "1", "10.00", "2.00")]),
        (Ware(kind="downloadable"), [("downloadable 201", "goods", "1", "10.00", "2.00")]),
        (Ware(kind="grouped"), [("grouped 201", "goods", "1", "10.00", "2.00")]),
        (Ware(kind="giftcard", rates=()), [("giftcard 201", "gift_card", "1", "10.00", "0.00")]),
        (Ware(kind="configurable", parts=(WHOLE,)), [("configurable 201", "goods", "1", "10.00", "2.00")]),
        (FIXED, [("bundle 201", "goods", "2", "16.00", "3.20")]),
        (DYNAMIC, [("simple 202", "goods", "2", "6.00", "1.20"), ("virtual 203", "goods", "4", "5.00", "0.25")]),
        (Ware(rates=()), [("simple 201", "goods", "1", "10.00", "0.00")]),
        (
            Ware(fpt="0.50", quantity=2),
            [
                ("simple 201", "goods", "2", "20.00", "4.00"),
                ("Recycling (SKU-201)", "fee", "1", "1.00", "0.00"),
            ],
        ),
        (
            Ware(fpt="0.50", fpt_taxed=True),
            [
                ("simple 201", "goods", "1", "10.00", "2.00"),
                ("Recycling (SKU-201)", "fee", "1", "0.50", "0.10"),
            ],
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Ware) else "",
)
def test_the_rows_that_count_become_lines(ware: Ware, lines: Lines) -> None:
    sale = Sale([ware])

    assert lines_of(ordered(sale)) == lines
    assert lines_of(invoiced(sale)) == lines


def test_titles_of_fixed_taxes_that_are_too_long_together_are_cut() -> None:
    sale = Sale([Ware(fpt="0.50")])
    titles = [f"Contribution to the recycling of appliances, part {part} of the law" for part in range(5)]
    sale.items[0]["weee_tax_applied"] = [{"title": title} for title in titles]

    fee = ordered(sale).lines[-1]

    assert fee.name == " + ".join(titles)[:255]


@pytest.mark.parametrize("algorithm", ["unit", "row", "total"])
@pytest.mark.parametrize(
    ("inclusive", "after_discount", "lines"),
    [
        (False, True, [("simple 201", "goods", "2", "90.00", "18.00")]),
        (True, True, [("simple 201", "goods", "2", "75.00", "15.00")]),
        (
            False,
            False,
            [
                ("simple 201", "goods", "2", "100.00", "20.00"),
                ("Discount: simple 201", "discount", "1", "-10.00", "0.00"),
            ],
        ),
        (
            True,
            False,
            [
                ("simple 201", "goods", "2", "83.33", "16.67"),
                ("Discount: simple 201", "discount", "1", "-10.00", "0.00"),
            ],
        ),
    ],
    ids=["net prices", "gross prices", "net, discount after tax", "gross, discount after tax"],
)
def test_a_discount_is_taken_as_the_shop_taxes_it(
    algorithm: str, inclusive: bool, after_discount: bool, lines: Lines
) -> None:
    setting = Setting(algorithm, inclusive, after_discount)  # type: ignore[arg-type]  # parametrised
    if (algorithm, inclusive, after_discount) == ("unit", True, False):
        # the tax of two pieces, each rounded: 2 × 8.33
        lines = [("simple 201", "goods", "2", "83.34", "16.66"), OFF]

    sale = Sale([Ware("50.00", 2, discount="10.00")], setting=setting)

    assert lines_of(ordered(sale)) == lines
    assert lines_of(invoiced(sale)) == lines


def test_several_rates_of_a_row_become_one_joined_code_and_their_sum() -> None:
    sale = Sale([Ware("100.00", rates=(STATE, CITY))])

    line = ordered(sale).lines[0]

    assert (line.tax_code, line.tax_rate, line.tax) == ("US-NY-STATE+US-NY-CITY", Decimal("8.875"), Decimal("8.88"))


def test_shipping_carries_its_discount_and_its_tax() -> None:
    sale = Sale([Ware()], setting=Setting(inclusive=True), shipping="6.00", shipping_discount="1.20")

    for data in (ordered(sale), invoiced(sale)):
        line = data.lines[-1]
        assert (line.name, str(line.kind)) == ("Royal Post - Tracked", "shipping")
        assert (line.net, line.tax, line.discount) == (Decimal("4.00"), Decimal("0.80"), Decimal("1.00"))
        assert (line.tax_code, line.tax_rate) == ("GB-VAT-20", Decimal(20))


def test_a_refund_of_shipping_has_its_own_part_of_the_memos_compensation() -> None:
    setting = Setting(inclusive=True)
    sale = Sale([Ware("50.00", discount="10.00")], setting=setting, shipping="6.00", shipping_discount="1.20")
    sale.invoice()
    memo = sale.refund({201: 1}, shipping=True)

    *_, line = document_lines(wire(memo), wire(sale.order), compensation_holds_shipping=True)

    assert (line.kind, line.net, line.tax) == (LineKind.SHIPPING, Decimal("4.00"), Decimal("0.80"))


def test_fixed_taxes_have_the_tax_of_their_item_where_the_order_has_several() -> None:
    sale = Sale([Ware(fpt="0.50", fpt_taxed=True), Ware(rates=(VAT_5,))])

    [fee] = [line for line in ordered(sale).lines if line.kind is LineKind.FEE]

    assert (fee.tax, fee.tax_code, fee.tax_rate) == (Decimal("0.10"), "GB-VAT-20", Decimal(20))


def test_gift_wrapping_is_a_fee() -> None:
    sale = Sale([Ware()], wrapping="3.50")

    for data in (ordered(sale), invoiced(sale)):
        assert lines_of(data)[1:] == [("Gift wrapping of items", "fee", "1", "3.50", "0.00")]


@pytest.mark.parametrize(
    ("kind", "price", "tax", "of"),
    [
        ("quote_gw", "gw_price", "gw_tax_amount", {}),
        ("item_gw", "gw_items_price", "gw_items_tax_amount", {"associated_item_id": 201}),
        ("printed_card_gw", "gw_card_price", "gw_card_tax_amount", {}),
    ],
)
def test_gift_wrapping_has_its_tax_where_the_order_has_several(
    kind: str, price: str, tax: str, of: dict[str, int]
) -> None:
    sale = Sale([Ware(), Ware(rates=(VAT_5,))])
    sale.order["extension_attributes"]["item_applied_taxes"].append({**applied(kind, 0.8), **of})
    raw = sale.invoice()
    raw["extension_attributes"] |= {price: "4.0000", tax: "0.8000"}
    raw |= {"tax_amount": raw["tax_amount"] + Decimal("0.8"), "grand_total": raw["grand_total"] + Decimal("4.8")}

    found, *_ = invoice(wire(raw), wire(sale.order), places(), captured={}, offline_methods=frozenset())

    assert isinstance(found.data, SaleData)
    line = found.data.lines[-1]
    assert (line.net, line.tax, line.tax_code, line.tax_rate) == (
        Decimal("4.00"),
        Decimal("0.80"),
        "GB-VAT-20",
        Decimal(20),
    )


def test_a_partial_invoice_has_the_shipping_once_and_the_last_one_the_remainder() -> None:
    sale = Sale([Ware("0.35", 3)], shipping="5.00")
    made = [sale.invoice({201: 1}), sale.invoice()]

    found = [invoice(wire(raw), wire(sale.order), places(), captured={}, offline_methods=frozenset()) for raw in made]

    first, last = (one[0].data for one in found)
    assert isinstance(first, SaleData)
    assert isinstance(last, SaleData)
    assert lines_of(first) == [
        ("simple 201", "goods", "1", "0.35", "0.07"),
        ("Royal Post - Tracked", "shipping", "1", "5.00", "1.00"),
    ]
    assert lines_of(last) == [("simple 201", "goods", "2", "0.70", "0.14")]


def test_a_credit_memos_fixed_taxes_are_its_own_and_not_its_share_of_the_orders() -> None:
    sale = Sale([Ware(fpt="0.50", quantity=2)])
    sale.invoice()
    memo = sale.refund({201: 1})
    memo["items"][0]["weee_tax_applied_row_amount"] = "0.51"

    *_, fee = document_lines(wire(memo), wire(sale.order), compensation_holds_shipping=True)

    assert (fee.kind, fee.net) == (LineKind.FEE, Decimal("0.51"))


def test_the_tax_on_a_credit_memos_fixed_taxes_is_of_its_quantity_as_the_shop_has_it() -> None:
    sale = Sale([Ware("0.01", Decimal("1.4286"), rates=(VAT_5,), fpt="0.75", fpt_taxed=True)])
    sale.invoice()
    memo = sale.refund({201: 1})

    *_, fee = document_lines(wire(memo), wire(sale.order), compensation_holds_shipping=True)

    assert (fee.net, fee.tax) == (Decimal("0.75"), Decimal("0.03"))
    assert fee.tax == memo["tax_amount"]


def test_a_bundles_child_counts_by_its_base_price_whatever_its_price_says() -> None:
    sale = Sale([FIXED])
    # the newest versions show the bundle's price on children that have none
    for item in sale.items[1:]:
        item["price"] = 8

    assert lines_of(ordered(sale)) == [("bundle 201", "goods", "2", "16.00", "3.20")]


def test_a_choice_whose_price_is_filled_in_does_not_count_twice() -> None:
    raw = order_json(items=[CARDIGAN, {**CHOSEN, "price": 50, "base_price": 50}, *order_json()["items"][2:]])

    (found,) = order(wire(raw), places())

    assert isinstance(found.data, SaleData)
    assert [line.sku for line in found.data.lines] == ["CRD-GREY-L", "BRUSH/1", ""]
