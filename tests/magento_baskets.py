"""Whatever a Magento shop may sell, as hypothesis draws it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import strategies as st

from tests.magento_tax import ZERO, Setting, cents
from tests.magento_trade import Sale
from tests.magento_wares import CITY, EXEMPT, STATE, VAT_5, VAT_20, ZERO_RATED, Paid, Quantity, Ware

tax_settings = st.builds(
    Setting, algorithm=st.sampled_from(["unit", "row", "total"]), inclusive=st.booleans(), after_discount=st.booleans()
)
prices = st.decimals("0.01", "500", places=2)
pieces = st.integers(1, 5)
weights = st.decimals("0.0001", "9.9999", places=4)
quantities_: st.SearchStrategy[Quantity] = st.one_of(pieces, pieces, weights)
rates = st.sampled_from([(), (VAT_20,), (VAT_20,), (VAT_5,), (STATE, CITY), (ZERO_RATED,), (EXEMPT,)])


@st.composite
def simple(
    draw: st.DrawFn,
    kinds: Sequence[str] = ("simple", "virtual", "downloadable", "grouped", "giftcard"),
    quantities: st.SearchStrategy[Quantity] = quantities_,
) -> Ware:
    """A row of its own, with a discount of some per cent, of a fixed amount, or of all."""
    price, quantity = draw(prices), draw(quantities)
    full = cents(price * quantity)
    offered = [ZERO, ZERO, cents(full / 20), cents(full / 10), cents(full / 3), Decimal("1.50"), full]
    discount = min(draw(st.sampled_from(offered)), full)
    return Ware(
        price=str(price),
        quantity=quantity,
        kind=draw(st.sampled_from(kinds)),
        rates=draw(rates),
        discount=str(discount),
        fpt=draw(st.sampled_from(["0", "0", "0.75"])),
        fpt_taxed=draw(st.booleans()),
    )


@st.composite
def composed(draw: st.DrawFn) -> Ware:
    """A configurable product with its choice, or a bundle with a fixed or a dynamic price."""
    whole = draw(simple(("configurable", "bundle"), pieces))
    if whole.kind == "bundle" and draw(st.booleans()):
        parts = draw(st.lists(simple(("simple", "virtual"), pieces), min_size=1, max_size=3))
        # a bundle's parts have no discount of their own here, for it is of the row and not of the piece
        return Ware("0", whole.quantity, "bundle", (), parts=tuple(parts))
    choice = Ware("0", 1, "simple", ())
    return Ware(**{**vars(whole), "parts": (choice,)})


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    """One order, with whatever beside its rows costs something or pays."""
    shipping = draw(st.sampled_from(["0", "4.99", "12"]))
    off = draw(st.sampled_from(["0", "0", "1.50"])) if shipping != "0" else "0"
    paid = Paid(*draw(st.lists(st.sampled_from(["0", "0", "5", "1000"]), min_size=3, max_size=3)))
    # what points paid of an invoice shows in its total only, and so does a surcharge: not both
    surcharge = draw(st.sampled_from(["0", "0", "1.95"])) if paid.reward == "0" else "0"
    return Sale(
        draw(st.lists(st.one_of(simple(), composed()), min_size=1, max_size=5)),
        setting=draw(tax_settings),
        shipping=shipping,
        shipping_discount=off,
        paid=paid,
        fpt_in_subtotal=draw(st.booleans()),
        wrapping=draw(st.sampled_from(["0", "0", "3.50"])),
        surcharge=surcharge,
    )
