"""Whatever tax the rows of a sale have, each cent is booked under the tax type that the store has it under."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.sandbox.xero.money import AmountsAre, Given, figures, totals
from schemas.entities import Entity
from tests.support.mapping_cases import SALE, event, writes
from tests.support.odd_taxes import ORG, is_placeless, odd_sales, tax_by_type
from worker.mapping.plan import Unmappable

Json = dict[str, Any]
ENTITIES = st.sampled_from([Entity.INVOICE, Entity.CREDIT_MEMO])


def items(sale: Json, entity: Entity) -> list[Json]:
    payloads = (write.payload for write in writes(event(entity, sale | {"sale": SALE}), ORG))
    return next(list(payload["LineItems"]) for payload in payloads if "LineItems" in payload)


def of_sandbox(item: Json) -> Any:
    """The line as the sandbox takes it, which refuses tax above the amount, or above 0 on an amount below it."""
    given = Given(item["Quantity"], item["UnitAmount"], None, item["TaxAmount"])
    return figures(given, rate=Decimal(20), amounts_are=AmountsAre.EXCLUSIVE, places=4)


def mapped(sale: Json, entity: Entity) -> list[Json]:
    """Its lines; none where a person has to decide, which is so only of tax that shows no type."""
    if not is_placeless(sale):
        return items(sale, entity)
    with pytest.raises(Unmappable) as refused:
        items(sale, entity)
    assert refused.value.reason == "tax_unplaced"
    return []


@settings(max_examples=400)
@given(odd_sales(), ENTITIES)
def test_each_tax_type_has_the_tax_of_its_rows_and_one_what_the_totals_have_beyond_them(
    sale: Json, entity: Entity
) -> None:
    found = mapped(sale, entity)
    booked = Counter[str]()
    for item in found:
        booked[item["TaxType"]] += int(item["TaxAmount"] * 100)

    rows = tax_by_type(sale)
    beyond = [booked[name] - rows[name] for name in {*booked, *rows} if booked[name] != rows[name]]

    residual = int(Decimal(sale["residual"]["tax"]) * 100)
    assert beyond == ([residual] if residual else []) or not found


@settings(max_examples=400)
@given(odd_sales(), ENTITIES)
def test_xero_takes_each_line_and_comes_to_the_stores_totals(sale: Json, entity: Entity) -> None:
    found = mapped(sale, entity)

    sums = totals([of_sandbox(item) for item in found], AmountsAre.EXCLUSIVE)

    stated = {name: Decimal(value) for name, value in sale["totals"].items()}
    assert {"net": sums.net, "tax": sums.tax, "gross": sums.gross} == stated or not found
