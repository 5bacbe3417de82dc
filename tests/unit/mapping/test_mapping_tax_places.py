"""Where a cent of tax goes that no row has as its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import event, invoice, line, organisation, writes
from worker.mapping.plan import Unmappable, plan

FREE = line("0.00", tax_rate="20", discount="10.00")


def items(*lines: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    _, write = writes(event(Entity.INVOICE, invoice(*lines, **more)))
    return list(write.payload["LineItems"])


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([FREE, line("5.00", kind="shipping")], id="a coupon takes off all"),
        pytest.param([line("0.02", tax_rate="20"), line("0.02", tax_rate="20")], id="too little for tax of its own"),
    ],
)
def test_a_cent_of_tax_takes_the_rate_of_rows_that_have_no_tax_of_their_own(rows: list[dict[str, Any]]) -> None:
    found = items(*rows, residual={"tax": "0.01"})

    taxed = [item for item in found if item["TaxAmount"]]
    assert [(item["Description"], item["TaxType"]) for item in taxed] == [("Rounding of tax", "OUTPUT2")]
    assert sum(item["TaxAmount"] for item in found) == Decimal("0.01")


def test_the_rate_of_a_row_with_tax_comes_first() -> None:
    reduced = line("0.01", "0.01", tax_rate="5")

    found = items(reduced, line("0.02", tax_rate="20"), residual={"tax": "0.01"})

    assert [item["TaxType"] for item in found if item["Description"] == "Rounding of tax" and item["TaxAmount"]] == [
        "RROUTPUT"
    ]


def test_a_row_that_names_its_tax_by_code_alone_has_a_place_for_a_cent_of_it() -> None:
    found = items(line("0.00", "0.01", tax_code="GB-VAT-20"))

    assert [(item["TaxType"], item["TaxAmount"]) for item in found[1:]] == [
        ("OUTPUT2", Decimal("0.01")),
        ("OUTPUT2", 0),
    ]


def test_no_row_below_zero_takes_cents_of_tax_above_it() -> None:
    discount = line("-0.05", "-0.01", tax_rate="20", kind="discount")

    found = items(line("9.00"), discount, residual={"tax": "0.02"})

    rows = [(item["UnitAmount"], item["TaxAmount"]) for item in found]
    assert rows[1:] == [(Decimal("-0.05"), Decimal("-0.01")), (Decimal("0.02"), Decimal("0.02")), (Decimal("-0.02"), 0)]


def test_tax_that_a_row_below_zero_has_above_it_goes_elsewhere() -> None:
    taxed = line("9.00", "1.80", tax_rate="20")

    found = items(taxed, line("-1.00", "0.02", tax_rate="20", kind="discount"))

    assert [item["TaxAmount"] for item in found] == [Decimal("1.82"), 0]


def test_a_row_below_zero_has_no_more_tax_below_it_than_its_amount() -> None:
    taxed = line("9.00", "1.80", tax_rate="20")

    found = items(taxed, line("-0.05", "-0.07", tax_rate="20", kind="discount"))

    assert [item["TaxAmount"] for item in found] == [Decimal("1.78"), Decimal("-0.05")]


def test_a_discount_that_makes_too_little_room_for_the_tax_is_not_split_off() -> None:
    free = line("0.00", "0.02", tax_rate="20", discount="0.01")

    found = items(line("9.00", "1.80", tax_rate="20"), free)

    rows = [(item["UnitAmount"], item["TaxAmount"]) for item in found]
    assert rows == [(Decimal("9.00"), Decimal("1.82")), (0, 0)]


def test_no_rate_above_zero_is_no_place() -> None:
    org = organisation(tax={"0": "ZERORATEDOUTPUT", "none": "NONE"})

    with pytest.raises(Unmappable) as refused:
        plan(event(Entity.INVOICE, invoice(line("10.00", tax_rate="0"), residual={"tax": "0.01"})), org)

    assert refused.value.reason == "tax_unplaced"


def test_a_rate_that_is_booked_without_tax_is_no_place() -> None:
    org = organisation(tax={"20": "NONE", "none": "NONE"})

    with pytest.raises(Unmappable) as refused:
        plan(event(Entity.INVOICE, invoice(line("10.00", tax_rate="20"), residual={"tax": "0.01"})), org)

    assert refused.value.reason == "tax_unplaced"


@pytest.mark.parametrize(
    ("taxed", "advice"),
    [
        ({"tax_rate": "0"}, "the store has to send the tax_rate"),
        ({"tax_rate": "5"}, '"5" the TaxType of what the store charged'),
        ({"tax_code": "EU-REVERSE"}, '"EU-REVERSE" the TaxType of what the store charged'),
        ({"tax_code": "EU-REVERSE", "tax_rate": "20"}, '"EU-REVERSE" the TaxType of what the store charged'),
    ],
)
def test_tax_never_goes_under_the_tax_type_of_sales_without_tax(taxed: dict[str, str], advice: str) -> None:
    org = organisation(tax={"20": "OUTPUT2", "5": "NONE", "EU-REVERSE": "NONE", "0": "NONE"})

    with pytest.raises(Unmappable) as refused:
        plan(event(Entity.INVOICE, invoice(line("10.00", "2.00", **taxed))), org)

    assert refused.value.reason == "tax_unmapped"
    assert advice in refused.value.hint


def test_one_tax_type_may_stand_for_sales_with_and_without_tax() -> None:
    org = organisation(tax={"20": "OUTPUT2", "none": "OUTPUT2"})

    _, write = writes(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), line("5.00"))), org)

    [taxed, free] = write.payload["LineItems"]
    assert (taxed["TaxType"], free["TaxType"]) == ("OUTPUT2", "OUTPUT2")
