"""Hypothesis strategies: valid sales whose totals add up, and the events that carry them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from schemas.entities import (
    SNAPSHOTS,
    CreditMemo,
    Customer,
    Entity,
    Identified,
    Invoice,
    Order,
    Payment,
    Product,
    ProductKind,
    Removed,
)
from schemas.envelope import Change, Event
from schemas.parts import Address, Adjustment, Buyer, Line, LineKind, Residual, SaleReference, Tender, Totals

CENT = Decimal("0.01")
ZERO = Decimal(0)

_printable = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
_visible = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
_any_script = st.characters(exclude_categories=["Cc", "Cs"])
identifiers = st.text(_visible, min_size=1, max_size=64)
numbers = st.text(_printable, min_size=1, max_size=64)
names = st.text(_any_script, min_size=1, max_size=40)
short_texts = st.text(_any_script, max_size=40)
texts = st.text(st.one_of(_any_script, st.sampled_from("\n\t\r")), max_size=80)
words = st.from_regex(r"[a-z0-9_]{1,32}", fullmatch=True)
days = st.dates(date(2000, 1, 1), date(2100, 12, 31))
moments = st.datetimes(datetime(2000, 1, 2), datetime(2100, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
currencies = st.sampled_from(["EUR", "GBP", "USD", "JPY", "NZD"])
rates = st.none() | st.decimals("0.000001", "99999", places=6)


def cents(low: str = "0", high: str = "99999.99") -> st.SearchStrategy[Decimal]:
    """Amounts with two decimals."""
    return st.decimals(low, high, places=2)


addresses = st.builds(
    Address,
    lines=st.lists(short_texts, max_size=4).map(tuple),
    city=short_texts,
    region=short_texts,
    postal_code=short_texts,
    country=st.sampled_from(["", "DE", "GB", "US"]),
)
buyers = st.builds(
    Buyer,
    id=st.none() | identifiers,
    email=short_texts,
    name=names,
    company=short_texts,
    tax_number=short_texts,
    phone=short_texts,
    address=st.none() | addresses,
)
sale_references = st.builds(
    SaleReference,
    order_id=identifiers,
    order_number=numbers,
    invoice_id=st.none() | identifiers,
    invoice_number=st.none() | numbers,
    date=days,
    order_date=st.none() | days,
)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """A row whose gross is its net and tax; a discount row takes money off."""
    kind = draw(st.sampled_from(LineKind))
    rate = draw(st.sampled_from([None, ZERO, Decimal(7), Decimal(19), Decimal("20.5")]))
    net = draw(cents("0.01", "9999.99"))
    if kind is LineKind.DISCOUNT:
        net = -(net % 1)
    tax = (net * (rate or ZERO) / 100).quantize(CENT)
    return Line(
        sku=draw(short_texts),
        name=draw(names),
        kind=kind,
        quantity=draw(st.decimals("0.0001", "1000", places=4)),
        net=net,
        tax=tax,
        gross=net + tax,
        discount=draw(cents(high="10")),
        tax_code=draw(short_texts),
        tax_rate=rate,
    )


@st.composite
def sale_fields(draw: st.DrawFn) -> dict[str, Any]:
    """What orders, invoices and credit memos share; lines, adjustments and residual make the totals."""
    rows = draw(st.lists(lines(), min_size=1, max_size=6))
    amounts = draw(st.lists(cents(), max_size=2))
    residual = Residual(net=draw(cents("-0.05", "0.05")), tax=draw(cents("-0.05", "0.05")))
    net = sum((row.net for row in rows), ZERO) + sum(amounts, ZERO) + residual.net
    tax = sum((row.tax for row in rows), ZERO) + residual.tax
    if net + tax < 0:
        amounts.append(-net - tax)
        net = -tax
    tendered = draw(cents("0", str((net + tax).quantize(CENT))))
    return {
        "id": draw(identifiers),
        "number": draw(numbers),
        "order_number": draw(numbers),
        "currency": draw(currencies),
        "rate": draw(rates),
        "date": draw(days),
        "due_date": draw(st.none() | days),
        "website": draw(short_texts),
        "customer": draw(buyers),
        "lines": tuple(rows),
        "adjustments": tuple(Adjustment(name=draw(names), amount=amount) for amount in amounts),
        "residual": residual,
        "tenders": (Tender(method=draw(names), amount=tendered),),
        "totals": Totals(net=net, tax=tax, gross=net + tax),
    }


@st.composite
def payments(draw: st.DrawFn) -> Payment:
    """Money in, or money out for a credit memo."""
    direction = draw(st.sampled_from(["in", "out"]))
    return Payment(
        id=draw(identifiers),
        direction=direction,
        sale=draw(sale_references),
        credit_memo_id=draw(identifiers) if direction == "out" else None,
        credit_memo_date=draw(st.none() | days) if direction == "out" else None,
        method=draw(names),
        amount=draw(cents("0.01")),
        currency=draw(currencies),
        rate=draw(rates),
        date=draw(days),
        transaction_id=draw(short_texts),
    )


def snapshots(entity: Entity) -> st.SearchStrategy[Identified]:
    """Valid data of one entity."""
    return _SNAPSHOTS[entity]


@st.composite
def events(draw: st.DrawFn, entity: Entity | None = None, change: Change | None = None) -> Event:
    """A valid event: of `entity`, or of any."""
    entity = entity or draw(st.sampled_from(Entity))
    change = change or draw(st.sampled_from(Change))
    data = draw(snapshots(entity) if change is Change.CHANGED else st.builds(Removed, id=identifiers))
    return Event(
        id=draw(st.text(_visible, min_size=1, max_size=128)),
        source=draw(words),
        organisation=draw(words),
        entity=entity,
        change=change,
        subject=data.id,
        time=draw(moments),
        version=draw(moments),
        correlation_id=draw(st.text(_printable, max_size=128)),
        data=data,
    )


_SNAPSHOTS: dict[Entity, st.SearchStrategy[Identified]] = {
    Entity.CUSTOMER: st.builds(
        Customer,
        id=identifiers,
        email=short_texts,
        first_name=short_texts,
        last_name=short_texts,
        company=short_texts,
        tax_number=short_texts,
        phone=short_texts,
        address=st.none() | addresses,
        website=short_texts,
    ),
    Entity.PRODUCT: st.builds(
        Product,
        id=identifiers,
        sku=names,
        name=names,
        description=texts,
        price=st.none() | st.decimals("0", "99999", places=4),
        tax_code=short_texts,
        kind=st.sampled_from(ProductKind),
    ),
    Entity.ORDER: st.builds(
        lambda fields, cancelled: Order(**fields, cancelled=cancelled), sale_fields(), st.booleans()
    ),
    Entity.INVOICE: st.builds(
        lambda fields, order_id, cancelled: Invoice(**fields, order_id=order_id, cancelled=cancelled),
        sale_fields(),
        identifiers,
        st.booleans(),
    ),
    Entity.CREDIT_MEMO: st.builds(
        lambda fields, sale, stays_open, cancelled: CreditMemo(
            **fields, sale=sale, stays_open=stays_open, cancelled=cancelled
        ),
        sale_fields(),
        sale_references,
        st.booleans(),
        st.booleans(),
    ),
    Entity.PAYMENT: payments(),
}
assert _SNAPSHOTS.keys() == SNAPSHOTS.keys()
