"""Tax that a row has no room for stays under the tax type that the store lists it under."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import credit_memo, event, invoice, line, organisation, writes
from worker.mapping.plan import Unmappable

GOODS = line("100.00", "20.00", tax_rate="20")
VAT_ONLY = line("0.00", "3.00", tax_rate="20", name="VAT correction")

Shown = list[tuple[Decimal, Decimal, str]]


def shown(*lines: dict[str, Any], **more: Any) -> Shown:
    """The lines of the invoice: net, tax and tax type."""
    return _shown(Entity.INVOICE, invoice(*lines, **more))


def _shown(entity: Entity, data: dict[str, Any]) -> Shown:
    payloads = [write.payload for write in writes(event(entity, data), organisation())]
    found = next(payload["LineItems"] for payload in payloads if "LineItems" in payload)
    return [(item["UnitAmount"], item["TaxAmount"], item["TaxType"]) for item in found]


def amounts(*rows: tuple[str, str, str]) -> Shown:
    return [(Decimal(net), Decimal(tax), tax_type) for net, tax, tax_type in rows]


def test_a_cent_at_one_rate_is_not_booked_at_another() -> None:
    found = shown(line("0.00", "0.01", tax_rate="5"), GOODS)

    assert found == amounts(
        ("0.00", "0", "RROUTPUT"),
        ("100.00", "20.00", "OUTPUT2"),
        ("0.01", "0.01", "RROUTPUT"),
        ("-0.01", "0", "RROUTPUT"),
    )


def test_cents_of_two_rates_do_not_cancel_out() -> None:
    found = shown(line("0.00", "0.02", tax_rate="20"), line("0.00", "-0.02", tax_rate="5"))

    assert found[2:] == amounts(
        ("0.02", "0.02", "OUTPUT2"),
        ("-0.02", "0", "OUTPUT2"),
        ("-0.02", "-0.02", "RROUTPUT"),
        ("0.02", "0", "RROUTPUT"),
    )


def test_cents_of_one_rate_do_cancel_out() -> None:
    assert len(shown(line("0.00", "0.02", tax_rate="20"), line("0.00", "-0.02", tax_rate="20"))) == 2


def test_each_rate_has_the_room_of_its_own_rows() -> None:
    reduced = line("10.00", "0.50", tax_rate="5")
    free = [line("0.00", "0.03", tax_rate="20"), line("0.00", "0.02", tax_rate="5")]

    found = shown(GOODS, reduced, *free)

    assert found[:2] == amounts(("100.00", "20.03", "OUTPUT2"), ("10.00", "0.52", "RROUTPUT"))
    assert len(found) == 4


def test_tax_beyond_all_rows_finds_the_room_that_the_rows_own_tax_has_left() -> None:
    """It would fit on the larger row, had that not taken what its own type has no room for elsewhere."""
    full = line("0.06", "0.03", tax_rate="20")

    found = shown(
        full, line("0.00", "0.03", tax_rate="20"), line("0.05", "0.01", tax_rate="5"), residual={"tax": "0.02"}
    )

    assert found == amounts(("0.06", "0.06", "OUTPUT2"), ("0", "0", "OUTPUT2"), ("0.05", "0.03", "RROUTPUT"))


def test_tax_beyond_all_rows_goes_to_the_largest_taxed_row_of_any_type() -> None:
    found = shown(line("0.00", "0.01", tax_rate="5"), GOODS, residual={"tax": "0.02"})

    assert found[1] == (Decimal("100.00"), Decimal("20.02"), "OUTPUT2")
    assert sum(tax for _, tax, tax_type in found if tax_type == "RROUTPUT") == Decimal("0.01")


def test_an_untaxed_row_of_the_type_stays_without_tax() -> None:
    org = organisation(tax={"20": "OUTPUT2", "none": "OUTPUT2"})
    data = invoice(line("0.00", "0.01", tax_rate="20"), line("25.00", kind="gift_card"))

    _, write = writes(event(Entity.INVOICE, data), org)

    assert [item["TaxAmount"] for item in write.payload["LineItems"]] == [0, 0, Decimal("0.01"), 0]


@pytest.mark.parametrize("rate", ["5", "20"])
def test_a_credit_note_takes_back_what_the_invoice_has(rate: str) -> None:
    rows = (GOODS, line("0.00", "3.00", tax_rate=rate))

    assert _shown(Entity.CREDIT_MEMO, credit_memo(*rows)) == shown(*rows)


def test_tax_that_the_store_lists_is_no_residual_however_much_it_is() -> None:
    found = shown(VAT_ONLY)

    assert found[1:] == amounts(("3.00", "3.00", "OUTPUT2"), ("-3.00", "0", "OUTPUT2"))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([VAT_ONLY], "3.00", id="tax alone"),
        pytest.param([line("0.00", "0.02", tax_rate="20")] * 3, "0.06", id="cents of three rows"),
        pytest.param([line("1.00", "2.00", tax_rate="20")], "2.00", id="more tax than net"),
        pytest.param([line("20.00", "4.00", tax_rate="20"), line("-10.00", "2.00", tax_rate="20")], "6.00", id="sign"),
        pytest.param([line("0.00", "-3.00", tax_rate="20"), line("9.00")], "-3.00", id="tax taken back"),
    ],
)
def test_the_limit_is_of_what_the_store_does_not_list(rows: list[dict[str, Any]], expected: str) -> None:
    limit = {"net": "0.05", "tax": "0.00"}

    for found in (shown(*rows), shown(*rows, residual=limit)):
        assert sum(tax for _, tax, tax_type in found if tax_type == "OUTPUT2") == Decimal(expected)


def test_what_the_store_does_not_list_is_parked_above_the_limit_whatever_its_rows_have() -> None:
    """The tax of the row would bring the sum back within it."""
    with pytest.raises(Unmappable) as refused:
        shown(line("0.00", "-0.04", tax_rate="20"), line("9.00", "0.45", tax_rate="5"), residual={"tax": "0.07"})

    assert refused.value.reason == "residual_too_large"
    assert "the rows hold net 9.00, tax 0.41, gross 9.41" in refused.value.detail


def test_listed_tax_and_rounding_are_told_apart_by_name() -> None:
    _, write = writes(event(Entity.INVOICE, invoice(VAT_ONLY, residual={"net": "0.01", "tax": "0.02"})))
    rows = [(item["Description"], item["AccountCode"]) for item in write.payload["LineItems"]]

    assert rows[1:] == [
        ("Tax only", "860"),
        ("Tax only", "860"),
        ("Rounding of tax", "860"),
        ("Rounding of tax", "860"),
        ("Rounding", "860"),
    ]


def test_listed_tax_under_the_type_of_no_tax_is_refused_as_any() -> None:
    org = organisation(tax={"20": "NONE", "none": "NONE"})

    with pytest.raises(Unmappable) as refused:
        writes(event(Entity.INVOICE, invoice(VAT_ONLY)), org)

    assert refused.value.reason == "tax_unmapped"
