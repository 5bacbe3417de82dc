"""Orders of a Magento shop with all they lead to, as hypothesis draws them and the producer publishes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.invoices import invoice
from producers.magento.translate.sales import order
from producers.store import Found
from schemas.envelope import Change, Event
from tests.magento_baskets import sales
from tests.magento_identities import points
from tests.magento_samples import places
from tests.magento_tax import CENT
from tests.magento_trade import Sale, wire
from tests.magento_wares import Quantity

Json = dict[str, Any]


@dataclass
class Trade:
    """One order of a shop as Magento's JSON, with what it led to."""

    sale: Sale
    order: Json
    by_order: bool
    invoices: list[Json] = field(default_factory=list)
    memos: list[Json] = field(default_factory=list)

    @property
    def old(self) -> bool:
        """Whether it was sold before the organisation's start_date."""
        return bool(self.order["created_at"] < "2026-01-01")

    def events(self) -> Iterator[Event]:
        """What the producer publishes, in the order of the day."""
        raw = wire(self.order)
        yield from _events(order(raw, places()))
        for one in self.invoices:
            yield from _events(invoice(wire(one), raw, places(), captured={}, offline_methods=frozenset()))
        of = OfOrder(raw, wire(self.invoices), wire(self.memos))
        for one in self.memos:
            yield from _events(credit_memo(wire(one), of, places(), refunded={}, offline_methods=frozenset()))


def _events(found: Sequence[Found]) -> Iterator[Event]:
    for number, one in enumerate(found):
        ids = {"id": f"e{number}", "source": "shop", "organisation": "main", "subject": one.data.id}
        version = one.version
        yield Event(**ids, entity=one.entity, change=Change.CHANGED, time=version, version=version, data=one.data)


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    """An order that is invoiced in one or two parts, captured or not, and refunded in up to two."""
    sale = draw(sales())
    captured = draw(st.sampled_from([True, True, False]))
    currency, rate = draw(st.sampled_from([("GBP", 1), ("GBP", 1), ("EUR", "1.1700")]))
    sold = draw(st.sampled_from(["2026-03-02", "2026-03-02", "2025-12-30"]))
    head = {"order_currency_code": currency, "base_currency_code": "GBP", "base_to_order_rate": rate}
    guest = {"customer_is_guest": 1, "customer_id": None} if draw(st.booleans()) else {}
    trade = Trade(sale, sale.order | head | guest | {"created_at": f"{sold} 09:00:00"}, draw(st.booleans()))
    paid = {} if captured else {"transaction_id": None}
    for raw in _invoices(draw, sale, parts=captured, by_order=trade.by_order):
        number = len(trade.invoices) + 1
        ids = {"entity_id": 56 + number, "increment_id": f"00000009{number}", "created_at": f"{sold} 10:00:00"}
        trade.invoices.append(raw | head | ids | paid)
    for raw in _memos(draw, sale, captured=captured):
        number = len(trade.memos) + 1
        ids = {"entity_id": 8 + number, "increment_id": f"00000000{number}", "created_at": "2026-03-09 09:00:00"}
        offline = not captured or (not trade.by_order and draw(st.booleans()))
        trade.memos.append(raw | head | ids | ({"transaction_id": None} if offline else {}))
    # parts of a row of a few cents round to less than nothing, which no shop invoices
    assume(all(raw["grand_total"] >= 0 for raw in trade.invoices))
    assume(not any(_is_cent_of_points(raw, trade.order) for raw in (*trade.invoices, *trade.memos)))
    return trade


def _is_cent_of_points(raw: Json, of_order: Json) -> bool:
    """What no reader of Magento can tell from rounding (docs/magento.md)."""
    said = of_order["extension_attributes"]["reward_currency_amount"]
    return bool(points(raw) == CENT != said and raw["grand_total"] > 0)


def _invoices(draw: st.DrawFn, sale: Sale, *, parts: bool, by_order: bool) -> Iterator[Json]:
    some = draw(_some_of({row.item_id: row.quantity for row in sale.rows})) if parts and not by_order else {}
    whole = all(some.get(row.item_id) == row.quantity for row in sale.rows)
    if any(some.values()) and not whole:
        yield sale.invoice(some)
    drift = draw(st.sampled_from(["0", "0", "0", "0.01", "-0.02"]))
    plain = not by_order and not sale.order["extension_attributes"]["reward_currency_amount"] and not sale.surcharge
    # the last invoice takes the remainders, where there is tax and something to pay
    able = plain and sale.order["tax_amount"] > 1 and sale.order["grand_total"] > 1 and not any(some.values())
    yield sale.invoice(drift=drift if able else "0")


def _memos(draw: st.DrawFn, sale: Sale, *, captured: bool) -> Iterator[Json]:
    for _ in range(draw(st.integers(0, 2 if captured else 1))):
        some = draw(_some_of({row.item_id: row.invoiced - row.refunded for row in sale.rows}))
        adjustments = [("0", "0"), ("0", "0"), ("0", "2.50"), ("2.50" if captured else "0", "0")]
        positive, negative = draw(st.sampled_from(adjustments))
        raw = sale.refund(some, shipping=draw(st.booleans()), positive=positive, negative=negative)
        carries = any(some.values()) or Decimal(positive) > 0 or raw["shipping_amount"]
        if carries and raw["grand_total"] >= 0:
            yield raw


def _some_of(left: dict[int, Quantity]) -> st.SearchStrategy[dict[int, Quantity]]:
    """Of each row nothing, a piece or a part, or all that is left."""
    parts = {item: {0, quantity, min(quantity, 1), _half(quantity)} for item, quantity in left.items()}
    return st.fixed_dictionaries({item: st.sampled_from(sorted(some)) for item, some in parts.items()})


def _half(quantity: Quantity) -> Quantity:
    return quantity // 2 if isinstance(quantity, int) else (quantity / 2).quantize(Decimal("0.0001"))
