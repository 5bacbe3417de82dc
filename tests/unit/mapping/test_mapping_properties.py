"""Whatever a store sells, the prediction equals its totals and the payload keeps Xero's rules."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.sandbox.xero.money import AmountsAre, Given, figures, totals
from schemas.entities import Entity
from tests.support.mapping_cases import SALE, event, invoice, organisation, writes
from worker.documents.content import Content
from worker.documents.documents import Write
from worker.mapping.plan import Unmappable
from worker.mapping.predict import predict

CENT = Decimal("0.01")
ORG = organisation(tax={"0": "NONE", "5": "RROUTPUT", "10": "TAX001", "20": "OUTPUT2", "25.5": "TAX002"})

rates = st.sampled_from(["0", "5", "10", "20", "25.5"])
quantities = st.decimals(min_value="0.0001", max_value="500", places=4).map(lambda q: f"{q:f}")
exchange_rates = st.decimals(min_value="0.000001", max_value="100000", places=6).map(lambda rate: f"{rate:f}")
prices = st.decimals(min_value="0", max_value="2000", places=4)
# made once: hypothesis looks at each strategy of its own for a while
signs, is_taxed_on_top = st.sampled_from([1, 1, 1, -1]), st.booleans()
kinds = st.sampled_from(["goods", "shipping", "fee", "gift_card"])
skus, names = st.text("aB9 -é", max_size=64), st.text("ab ß", min_size=1, max_size=255)
cent_values = st.sampled_from(["0", "0.01", "-0.01", "0.02", "-0.03"])


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """One row as stores work it out: tax added to a net price, or taken out of a gross one; some are discounts."""
    rate, quantity, price = draw(rates), draw(quantities), draw(prices)
    amount = cents(price * Decimal(quantity)) * draw(signs)
    factor = Decimal(rate) / 100
    if draw(is_taxed_on_top):
        net, gross = amount, amount + cents(amount * factor)
    else:
        net, gross = cents(amount / (1 + factor)), amount
    kind = "discount" if amount < 0 else draw(kinds)
    figures = {"net": f"{net:f}", "tax": f"{gross - net:f}", "gross": f"{gross:f}"}
    return {"name": draw(names), "sku": draw(skus), "kind": kind, "quantity": quantity, "tax_rate": rate, **figures}


rows_of_sales = st.lists(lines(), min_size=1, max_size=8)


@st.composite
def sales(draw: st.DrawFn) -> dict[str, Any]:
    """A sale of some rows, topped up where discounts would push it below zero, with cents its rows do not explain."""
    rows = draw(rows_of_sales)
    residual = {"net": draw(cent_values), "tax": draw(cent_values)}
    gross = sum((Decimal(row["gross"]) for row in rows), Decimal(sum(map(Decimal, residual.values()))))
    if gross < 0:
        top = f"{-gross:f}"
        rows.append({"name": "Top", "net": top, "tax": "0", "gross": top, "tax_rate": "0"})
    return invoice(*rows, residual=residual)


@settings(max_examples=400)
@given(sales())
def test_xero_will_show_the_stores_totals_to_the_cent(data: dict[str, Any]) -> None:
    document = mapped(data)
    items = document.payload["LineItems"] if document else []

    predicted = predict(items)

    assert predicted == sandbox_totals(items)
    if document:
        assert predicted._asdict() == {name: Decimal(value) for name, value in data["totals"].items()}


@given(sales())
def test_lines_keep_xeros_rules(data: dict[str, Any]) -> None:
    document = mapped(data)
    for item in document.payload["LineItems"] if document else ():
        line_amount = cents(item["Quantity"] * item["UnitAmount"])

        assert -abs(line_amount) <= item["TaxAmount"] <= max(line_amount, 0)
        assert places(item["TaxAmount"]) <= 2
        assert places(item["UnitAmount"]) <= 4
        assert places(item["Quantity"]) <= 4
        assert item["Quantity"] > 0
        assert 1 <= len(item["Description"]) <= 4000
        assert len(item["ItemCode"].code) <= 30 if "ItemCode" in item else True


@given(sales(), exchange_rates, st.sampled_from([Entity.INVOICE, Entity.CREDIT_MEMO]))
def test_the_hash_does_not_depend_on_the_order_of_keys_and_on_zeros_behind(
    data: dict[str, Any], rate: str, entity: Entity
) -> None:
    document = mapped(data | {"rate": rate, "sale": SALE}, entity)
    if document is None:
        return

    assert Content.of(turned(document.payload)) == document.content


def mapped(data: dict[str, Any], entity: Entity = Entity.INVOICE) -> Write | None:
    """The invoice, or the credit note. A person decides only over cents of tax that no row has room for."""
    try:
        return writes(event(entity, data), ORG)[1]
    except Unmappable as error:
        crowded = any(abs(Decimal(row["tax"])) > abs(Decimal(row["net"])) for row in data["lines"])
        if error.reason not in {"tax_unplaced", "residual_too_large"} or not (
            Decimal(data["residual"]["tax"]) or crowded
        ):
            raise
        return None


def sandbox_totals(items: list[dict[str, Any]]) -> tuple[Decimal, Decimal, Decimal]:
    """The same by the sandbox, which refuses tax above a line's amount."""
    worked = [
        figures(
            Given(item["Quantity"], item["UnitAmount"], None, item["TaxAmount"]),
            rate=Decimal(20),
            amounts_are=AmountsAre.EXCLUSIVE,
            places=4,
        )
        for item in items
    ]
    sums = totals(worked, AmountsAre.EXCLUSIVE)
    return sums.net, sums.tax, sums.gross


def places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def turned(value: Any) -> Any:
    """The same content, keys in the other order, amounts with more zeros behind."""
    if isinstance(value, Decimal):
        return value + Decimal("0.00000000")
    if isinstance(value, dict):
        return {name: turned(child) for name, child in reversed(value.items())}
    return [turned(child) for child in value] if isinstance(value, list) else value
