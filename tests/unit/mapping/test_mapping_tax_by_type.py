"""Tax that a row has no room for stays under the tax type that the store lists it under."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import credit_memo, event, invoice, line, organisation, writes

GOODS = line("100.00", "20.00", tax_rate="20")

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
    rows = (GOODS, line("0.00", "0.02", tax_rate=rate))

    assert _shown(Entity.CREDIT_MEMO, credit_memo(*rows)) == shown(*rows)
