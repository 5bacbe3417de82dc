"""Whatever a Magento shop may sell, as hypothesis draws it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from tests.support.magento_tax import ZERO, Setting, cents
from tests.support.magento_trade import Sale
from tests.support.magento_wares import CITY, EXEMPT, STATE, VAT_5, VAT_20, ZERO_RATED, Paid, Quantity, Ware

tax_settings = st.builds(
    Setting, algorithm=st.sampled_from(["unit", "row", "total"]), inclusive=st.booleans(), after_discount=st.booleans()
)
prices = st.one_of(*[st.decimals("0.01", "500", places=2)] * 3, st.decimals("0.01", "0.05", places=2))
pieces = st.one_of(*[st.integers(1, 5)] * 5, st.integers(6, 50))
weights = st.decimals("0.0001", "9.9999", places=4)
quantities_: st.SearchStrategy[Quantity] = st.one_of(pieces, pieces, weights)
rates = st.sampled_from([(), (VAT_20,), (VAT_20,), (VAT_5,), (STATE, CITY), (ZERO_RATED,), (EXEMPT,)])


_FORMS = st.sampled_from(range(7))
"""Of nothing twice, of 5, 10 and 33 per cent, of a fixed amount, and of all: which discount a row has."""

# made once: hypothesis looks at each strategy of its own for a while
_own_kinds = st.sampled_from(("simple", "virtual", "downloadable", "grouped", "giftcard"))
_whole_kinds = st.sampled_from(("configurable", "bundle"))
_part_kinds = st.sampled_from(("simple", "virtual"))
_fixed_taxes = st.sampled_from(("0", "0", "0.75"))
_shippings = st.sampled_from(("0", "4.99", "12"))
_shipping_discounts = st.sampled_from(("0", "0", "1.50"))
_tenders = st.one_of(
    st.just(Paid()),
    st.builds(Paid, *[st.sampled_from(("0", "0", "5", "1000"))] * 3),
    st.builds(Paid, *[st.sampled_from(("0.50", "2"))] * 3),
)
_surcharges = st.sampled_from(("0", "0", "1.95"))
_wrappings = st.sampled_from(("0", "0", "3.50"))
_yes_or_no = st.booleans()
_all_off = st.sampled_from((False, False, False, False, True))


@st.composite
def simple(
    draw: st.DrawFn,
    kinds: st.SearchStrategy[str] = _own_kinds,
    quantities: st.SearchStrategy[Quantity] = quantities_,
) -> Ware:
    """A row of its own, with a discount of some per cent, of a fixed amount, or of all."""
    price, quantity = draw(prices), draw(quantities)
    full = cents(price * quantity)
    offered = [ZERO, ZERO, cents(full / 20), cents(full / 10), cents(full / 3), Decimal("1.50"), full]
    return Ware(
        price=str(price),
        quantity=quantity,
        kind=draw(kinds),
        rates=draw(rates),
        discount=str(min(offered[draw(_FORMS)], full)),
        fpt=draw(_fixed_taxes),
        fpt_taxed=draw(_yes_or_no),
    )


_wholes = simple(_whole_kinds, pieces)
_parts = st.lists(simple(_part_kinds, pieces), min_size=1, max_size=3)


@st.composite
def composed(draw: st.DrawFn) -> Ware:
    """A configurable product with its choice, or a bundle with a fixed or a dynamic price."""
    whole = draw(_wholes)
    if whole.kind == "bundle" and draw(_yes_or_no):
        # a bundle's parts have no discount of their own here, for it is of the row and not of the piece
        return Ware("0", whole.quantity, "bundle", (), parts=tuple(draw(_parts)))
    choice = Ware("0", 1, "simple", ())
    return Ware(**{**vars(whole), "parts": (choice,)})


_wares = st.lists(st.one_of(simple(), composed()), min_size=1, max_size=5)


@st.composite
def sales(draw: st.DrawFn, *, total_only: bool = True) -> Sale:
    """One order, with whatever beside its rows costs something or pays; unless told, also what only totals show."""
    shipping = draw(_shippings)
    off = draw(_shipping_discounts) if shipping != "0" else "0"
    paid = draw(_tenders) if total_only else replace(draw(_tenders), reward="0")
    # what points paid of an invoice shows in its total only, and so does a surcharge: not both
    surcharge = draw(_surcharges) if total_only and paid.reward == "0" else "0"
    wares = draw(_wares)
    if draw(_all_off):
        wares = [replace(ware, discount=str(cents(Decimal(ware.price) * ware.quantity))) for ware in wares]
    return Sale(
        wares,
        setting=draw(tax_settings),
        shipping=shipping,
        shipping_discount=off,
        paid=paid,
        fpt_in_subtotal=draw(_yes_or_no),
        wrapping=draw(_wrappings),
        surcharge=surcharge,
    )
