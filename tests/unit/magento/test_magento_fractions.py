"""Rows with fractions of a cent, and parts of fixed product taxes: together they are what the document says."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from producers.magento.translate.figures import Figures, figures
from producers.magento.translate.fractions import Fractions
from producers.magento.translate.lines import document_lines
from schemas.parts import ZERO, LineKind
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import VAT_5, VAT_20, Ware

CENT, HALF_A_CENT = Decimal("0.01"), Decimal("0.005")
amounts = st.decimals("-50", "50", places=4)


@given(st.lists(amounts, max_size=30))
def test_rounded_amounts_add_up_to_what_they_are_together(values: list[Decimal]) -> None:
    fractions = Fractions()

    rounded = [fractions.cents(value, "goods") for value in values]

    assert abs(sum(rounded, ZERO) - sum(values, ZERO)) <= HALF_A_CENT
    assert all(abs(one - value) <= CENT for one, value in zip(rounded, values, strict=True))


@given(st.lists(amounts, max_size=10), st.decimals("-50", "50", places=2))
def test_an_amount_of_whole_cents_never_changes(before: list[Decimal], whole: Decimal) -> None:
    fractions = Fractions()
    for value in before:
        fractions.cents(value, "goods")

    assert fractions.cents(whole, "goods") == whole
    assert fractions.cents(whole + Decimal("0.000000001"), "goods") == whole  # a float's artefact


def test_what_one_account_leaves_over_is_not_anothers() -> None:
    fractions = Fractions()

    assert fractions.cents(HALF_A_CENT, "goods") == CENT
    assert fractions.cents(HALF_A_CENT, "fee") == CENT
    assert fractions.cents(HALF_A_CENT, "goods") == ZERO


def test_half_kilos_of_odd_prices_need_no_rounding() -> None:
    sums = _weighed([("0.495", "0.10", VAT_20.code)] * 12, net="5.94", tax="1.20")

    assert (sums.residual.net, sums.residual.tax) == (ZERO, ZERO)
    assert sorted({line.net for line in sums.lines}) == [Decimal("0.49"), Decimal("0.50")]


def test_each_tax_keeps_its_own_cents() -> None:
    sums = _weighed([("0.53", "0.105", VAT_20.code)] * 8 + [("100.00", "5.00", VAT_5.code)], net="104.24", tax="5.84")

    by_code = {
        code: sum(line.tax for line in sums.lines if line.tax_code == code) for code in (VAT_20.code, VAT_5.code)
    }
    assert by_code == {VAT_20.code: Decimal("0.84"), VAT_5.code: Decimal("5.00")}
    assert (sums.residual.net, sums.residual.tax) == (ZERO, ZERO)


def test_a_credit_memo_says_itself_what_tax_is_on_its_fixed_taxes() -> None:
    sale = Sale([Ware("4.88", 7, fpt="1.72", fpt_taxed=True)])
    sale.invoice()
    memo = sale.refund({201: 1})
    memo["items"][0] |= {
        "weee_tax_applied_row_amount": "1.72",
        "weee_tax_applied": json.dumps([{"title": "Recycling", "row_amount": 1.72, "row_amount_incl_tax": 2.07}]),
    }

    *_, fee = document_lines(wire(memo), wire(sale.order), compensation_holds_shipping=True)

    assert (fee.net, fee.tax) == (Decimal("1.72"), Decimal("0.35"))


def test_a_list_of_the_whole_order_is_not_a_rows_own() -> None:
    sale = Sale([Ware("4.88", 4, fpt="1.00", fpt_taxed=True)])
    sale.invoice()
    memo = sale.refund({201: 1})
    memo["items"][0]["weee_tax_applied"] = sale.items[0]["weee_tax_applied"]

    *_, fee = document_lines(wire(memo), wire(sale.order), compensation_holds_shipping=True)

    assert (fee.net, fee.tax) == (Decimal("1.00"), Decimal("0.20"))


def test_a_cent_of_tax_that_a_part_of_fixed_taxes_was_estimated_off_is_theirs() -> None:
    sale = Sale([Ware("4.88", 7, fpt="1.72", fpt_taxed=True), Ware("812.89", rates=(VAT_5,))])
    part = sale.invoice({201: 1, 202: 1})

    sums = _moved(part, sale, CENT)

    [fee] = [line for line in sums.lines if line.kind is LineKind.FEE]
    assert fee.tax == Decimal("0.35")  # 2.41 of seven is 0.34 of one
    assert sums.residual.tax == ZERO


def test_a_cent_less_than_no_tax_is_not_theirs() -> None:
    sale = Sale([Ware("4.88", 7, fpt="0.02", fpt_taxed=True)])
    part = sale.invoice({201: 1})

    sums = _moved(part, sale, -CENT)

    [fee] = [line for line in sums.lines if line.kind is LineKind.FEE]
    assert (fee.tax, sums.residual.tax) == (ZERO, -CENT)


def test_more_than_a_cent_and_any_of_a_whole_is_no_matter_of_an_estimate() -> None:
    sale = Sale([Ware("4.88", 7, fpt="1.72", fpt_taxed=True)])
    whole = sale.invoice()
    again = Sale([Ware("4.88", 7, fpt="1.72", fpt_taxed=True)])
    part = again.invoice({201: 1})

    assert _moved(whole, sale, CENT).residual.tax == CENT
    assert _moved(part, again, 3 * CENT).residual.tax == 3 * CENT


def _moved(raw: dict[str, Any], sale: Sale, by: Decimal) -> Figures:
    """The document's figures where its header has so much more tax."""
    told = raw | {"tax_amount": raw["tax_amount"] + by, "grand_total": raw["grand_total"] + by}
    lines = document_lines(wire(told), wire(sale.order), compensation_holds_shipping=False)
    return figures(wire(told), lines, reward=ZERO)


def _weighed(rows: list[tuple[str, str, str]], *, net: str, tax: str) -> Figures:
    """An invoice of half kilos as Magento keeps it: net and tax of each row with 4 decimals, and their code."""
    codes = {VAT_20.code: VAT_20, VAT_5.code: VAT_5}
    sale = Sale([Ware("1.00", Decimal("0.5"), rates=(codes[code],)) for _, _, code in rows])
    raw = sale.invoice()
    for item, (row_net, row_tax, _) in zip(raw["items"], rows, strict=True):
        item |= {"row_total": row_net, "tax_amount": row_tax}
    header = {"subtotal": net, "tax_amount": tax, "grand_total": Decimal(net) + Decimal(tax)}
    told = wire(raw | header)
    return figures(told, document_lines(told, wire(sale.order), compensation_holds_shipping=False), reward=ZERO)
