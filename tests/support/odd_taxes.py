"""Sales whose rows have any tax that the contract allows: of the wrong sign, above the net, or with no net at all."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.support.mapping_cases import invoice, line, organisation

Json = dict[str, Any]

TAX_TYPES = {"0": "ZERORATEDOUTPUT", "5": "RROUTPUT", "20": "OUTPUT2", "none": "NONE"}
ORG = organisation(tax=TAX_TYPES)

# rows of small amounts have little room for each other's tax
_small = st.integers(-5, 5).map(lambda cents: Decimal(cents) / 100)
_large = st.integers(-30_000, 30_000).map(lambda cents: Decimal(cents) / 100)
_amounts = st.one_of(_small, _small, _large)
_kinds = st.sampled_from(["goods", "goods", "shipping", "fee", "discount", "gift_card"])
_quantities = st.sampled_from(["1", "3", "0.3333", "12.3456", "144"])
# made once: hypothesis looks at each strategy of its own for a while
_rates, _one_in_five = st.sampled_from(["20", "5", "0", None]), st.sampled_from(range(5))
_net_beyond, _tax_beyond = st.integers(-2, 2), st.sampled_from([0, 0, 0, -3, -1, 1, 3])


@st.composite
def odd_lines(draw: st.DrawFn) -> Json:
    rate = draw(_rates)
    net = draw(_amounts)
    tax = draw(_amounts) if rate in ("20", "5") else Decimal(0)
    more: Json = {"kind": draw(_kinds), "quantity": draw(_quantities)}
    if rate:
        more["tax_rate"] = rate
    if draw(_one_in_five) == 0:
        more["discount"] = f"{abs(draw(_amounts)):.2f}"
    return line(f"{net:.2f}", f"{tax:.2f}", **more)


_rows = st.lists(odd_lines(), min_size=1, max_size=6)


@st.composite
def odd_sales(draw: st.DrawFn) -> Json:
    """An invoice, topped up by an untaxed row where it would be below zero; its `residual` is within the limit."""
    rows = draw(_rows)
    net = draw(_net_beyond)
    tax = draw(_tax_beyond)
    gross = sum((Decimal(row["gross"]) for row in rows), Decimal(net + tax) / 100)
    if gross < 0:
        rows.append(line(f"{-gross:.2f}", tax_rate="0"))
    return invoice(*rows, residual={"net": f"{Decimal(net) / 100}", "tax": f"{Decimal(tax) / 100}"})


def tax_by_type(sale: Json) -> Counter[str]:
    """What the rows of the store have, in cents."""
    found = Counter[str]()
    for row in sale["lines"]:
        found[TAX_TYPES[row.get("tax_rate", "none")]] += int(Decimal(row["tax"]) * 100)
    return found


def is_placeless(sale: Json) -> bool:
    """Whether the store's totals have tax that its rows do not, and none of these shows under which type."""
    taxable = any(row.get("tax_rate") in ("20", "5") for row in sale["lines"])
    return bool(Decimal(sale["residual"]["tax"])) and not taxable
