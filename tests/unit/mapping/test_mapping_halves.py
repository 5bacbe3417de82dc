"""No net rests on how an exact half cent is rounded: Xero does not say how it does that."""

from __future__ import annotations

from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.entities import Entity
from tests.support.mapping_cases import event, invoice, line, writes

CENT = Decimal("0.01")
HALVES = [(275, "756.53"), (275, "-756.53"), (150, "0.01")]


def item_of(quantity: str, net: str) -> dict[str, Any]:
    _, write = writes(event(Entity.INVOICE, invoice(line(net, quantity=quantity), line("1000000.00"))))
    item: dict[str, Any] = write.payload["LineItems"][0]
    return item


@given(st.integers(1, 4_000_000), st.integers(-200_000, 200_000))
def test_a_line_comes_to_its_net_however_halves_are_rounded(quantity: int, net: int) -> None:
    item = item_of(f"{Decimal(quantity) / 10_000:f}", f"{Decimal(net) / 100:.2f}")

    product = Decimal(item["Quantity"]) * Decimal(item["UnitAmount"])
    rounded = {product.quantize(CENT, how) for how in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_HALF_DOWN)}
    assert rounded == {Decimal(net) / 100}


@pytest.mark.parametrize(("quantity", "net"), HALVES)
def test_of_a_half_the_line_has_its_net_once(quantity: int, net: str) -> None:
    item = item_of(str(quantity), net)

    product = (Decimal(net) / quantity).quantize(Decimal("0.0001"), ROUND_HALF_UP) * quantity
    assert abs(product - Decimal(net)) == Decimal("0.005")
    assert (item["Quantity"], item["UnitAmount"]) == (1, Decimal(net))
    assert item["Description"] == f"A thing (quantity {quantity})"
