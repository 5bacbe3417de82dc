"""Orders of a Magento shop with all they lead to, as hypothesis draws them and the producer publishes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any, NamedTuple

from hypothesis import assume
from hypothesis import strategies as st

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.invoices import CANCELLED, PAID, invoice
from producers.magento.translate.sales import order
from producers.store import Found
from schemas.envelope import Change, Event
from tests.support.magento_baskets import sales
from tests.support.magento_identities import identity_i, points, tenders
from tests.support.magento_samples import places
from tests.support.magento_tax import CENT, ZERO
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import Quantity

Json = dict[str, Any]

CARD, TRANSFER, CHEQUE = "stripe_payments", "banktransfer", "checkmo"
OFFLINE = frozenset({TRANSFER, CHEQUE})
"""Their invoices count as paid when they are made; a card's when it was captured."""

_OPEN = 1
_EARLIER, _EARLY = "2026-10-03 08:00:00", "2026-10-03 08:30:00"  # the others' updated_at is 09:20


# made once: hypothesis looks at each strategy of its own for a while
_SALES = sales()
_YES_OR_NO, _MOSTLY = st.booleans(), st.sampled_from((True, True, False))
_CURRENCIES = st.sampled_from((("GBP", 1), ("GBP", 1), ("EUR", "1.1700")))
_METHODS = st.sampled_from((CARD, CARD, CARD, TRANSFER, CHEQUE))
_BEFORE, _START, _AFTER = "2025-12-30", "2026-01-01", "2026-03-02"
_DAYS = st.sampled_from((*[(_AFTER, _AFTER)] * 3, (_BEFORE, _BEFORE), (_BEFORE, _AFTER)))
"""When it is ordered and when it is invoiced: the books begin before both, after both, or between them."""
_LOCKS = st.sampled_from((None, None, date(2026, 3, 4), date(2026, 3, 31)))
_DRIFTS = st.sampled_from((("0", "0"), ("0.01", "0"), ("-0.02", "0"), ("0", "-0.02"), ("0", "0.01")))
_FEW_CENTS = Decimal("0.10")
_ADJUSTMENTS = st.sampled_from((("0", "0"), ("0", "0"), ("0", "2.50"), ("2.50", "0"), ("7.77", "0.01")))
_UP_TO_THREE, _UP_TO_ONE = st.sampled_from((0, 1, 2, 3)), st.sampled_from((0, 1, 1))
_BEFORE_THE_LAST = st.sampled_from((0, 1, 1, 2))
_HOW_MUCH = st.sampled_from(("all", "nothing", "parts", "parts"))
_PARTS = st.sampled_from(range(4))


class Unpaid(NamedTuple):
    """An order and its invoice before anything is paid: an earlier version of the trade's own, or one to be withdrawn.

    `sold` is the one of the two that is booked.
    """

    order: Json
    invoice: Json
    sold: Json


@dataclass
class Trade:
    """One order of a shop as Magento's JSON, with what it led to.

    `edited` is what it was first. `withdrawn` is another sale, which is booked and then cancelled, and `replaced` an
    invoice of this one that was. `to_credit` is the place of the credit memo that became store credit, if any. The
    books are locked up to `locked`.
    """

    sale: Sale
    order: Json
    by_order: bool
    method: str = CARD
    captured: bool = True
    invoices: list[Json] = field(default_factory=list)
    memos: list[Json] = field(default_factory=list)
    to_credit: int | None = None
    edited: Unpaid | None = None
    withdrawn: Unpaid | None = None
    replaced: Json | None = None
    locked: date | None = None

    @property
    def old(self) -> bool:
        """Whether what is booked of it, its order or its invoices, is of before the organisation's start_date."""
        booked = self.order if self.by_order else self.invoices[0]
        return bool(booked["created_at"] < _START)

    @property
    def sold(self) -> list[Json]:
        """The documents that become invoices in Xero and stay."""
        return [] if self.old else [self.order] if self.by_order else self.invoices

    @property
    def taken_back(self) -> list[Json]:
        """The documents that become invoices in Xero and are voided."""
        replaced = [self.replaced] if self.replaced and self.sold and not self.by_order else []
        return replaced + ([self.withdrawn.sold] if self.withdrawn else [])

    def is_paid(self, document: Json) -> bool:
        """Whether the order's method has moved the money of an invoice or credit memo."""
        return self.method in OFFLINE or bool(document["transaction_id"])

    def events(self) -> Iterator[Event]:
        """What the producer publishes, in the order of the day."""
        if self.edited:
            yield from self._sale(self.edited, _EARLIER)
        if self.withdrawn:
            yield from self._sale(self.withdrawn, _EARLIER)
            yield from self._sale(self.withdrawn, _EARLY, cancelled=True)
        raw = wire(self.order)
        yield from _events(order(raw, places()))
        if self.replaced:
            for at, state in ((_EARLIER, _OPEN), (_EARLY, CANCELLED)):
                billed, earlier = wire(self.replaced | {"updated_at": at, "state": state}), raw | {"updated_at": at}
                yield from _events(invoice(billed, earlier, places(), captured={}, offline_methods=OFFLINE))
        for one in self.invoices:
            yield from _events(invoice(wire(one), raw, places(), captured={}, offline_methods=OFFLINE))
        of = OfOrder(raw, wire(self.invoices), wire(self.memos))
        for one in self.memos:
            yield from _events(credit_memo(wire(one), of, places(), refunded={}, offline_methods=OFFLINE))

    def _sale(self, unpaid: Unpaid, at: str, *, cancelled: bool = False) -> Iterator[Event]:
        raw = wire(unpaid.order | {"updated_at": at} | ({"state": "canceled"} if cancelled else {}))
        if self.by_order:
            yield from _events(order(raw, places()))
            return
        billed = wire(unpaid.invoice | {"updated_at": at, "state": CANCELLED if cancelled else _OPEN})
        yield from _events(invoice(billed, raw, places(), captured={}, offline_methods=OFFLINE))


def _events(found: Sequence[Found]) -> Iterator[Event]:
    for number, one in enumerate(found):
        ids = {"id": f"e{number}", "source": "shop", "organisation": "main", "subject": one.data.id}
        version = one.version
        yield Event(**ids, entity=one.entity, change=Change.CHANGED, time=version, version=version, data=one.data)


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    """An order that is invoiced in up to three parts, paid or not, and refunded in up to three.

    Its sale may have been edited before it was paid, and another withdrawn.
    """
    sale = draw(_SALES)
    currency, rate = draw(_CURRENCIES)
    method = draw(_METHODS)
    by_order, captured = draw(_YES_OR_NO), method in OFFLINE or draw(_YES_OR_NO)
    ordered, invoiced = draw(_DAYS)
    head = {"order_currency_code": currency, "base_currency_code": "GBP", "base_to_order_rate": rate}
    guest = {"customer_is_guest": 1, "customer_id": None} if draw(_YES_OR_NO) else {}
    of_order = head | guest | {"created_at": f"{ordered} 09:00:00", "payment": {"method": method}}
    trade = Trade(sale, sale.order | of_order, by_order, method, captured)
    offline = {"transaction_id": None}
    _replaced(draw, trade, head | _ids(6, f"{invoiced} 10:00:00") | {"state": CANCELLED})
    for raw in _invoices(draw, sale, parts=captured, by_order=by_order):
        ids = _ids(len(trade.invoices), f"{invoiced} 10:00:00")
        trade.invoices.append(raw | head | ids | (offline if method in OFFLINE or not captured else {}))
    for raw in _memos(draw, sale, captured=captured):
        number = len(trade.memos) + 1
        ids = {"entity_id": 8 + number, "increment_id": f"00000000{number}", "created_at": "2026-03-09 09:00:00"}
        by_hand = method in OFFLINE or not captured or draw(_YES_OR_NO)
        trade.memos.append(raw | head | ids | (offline if by_hand else {}))
    _refund_to_credit(draw, trade)
    if not trade.old and not draw(_MOSTLY):
        trade.edited = _unpaid(draw, trade, head, {}, _ids(0, f"{invoiced} 10:00:00"))
        # what comes to 0.00 is paid in Xero at once, and a person's to change
        first = trade.edited.invoice
        assume(identity_i(first) + tenders(first))
    if not trade.old and not draw(_MOSTLY):
        ids = {"entity_id": 122, "increment_id": "000000122"}
        trade.withdrawn = _unpaid(draw, trade, head, ids, _ids(8, f"{invoiced} 10:00:00"))
        # what comes to 0.00 and has tax is paid in Xero at once, and a person's to take back (docs/accounting.md)
        other = trade.withdrawn.invoice
        assume(not other["tax_amount"] or identity_i(other) + tenders(other))
    trade.locked = draw(_LOCKS)
    # parts of a row of a few cents round to less than nothing, which no shop invoices
    assume(all(raw["grand_total"] >= 0 for raw in trade.invoices))
    # nobody refunds what was not billed: a memo of all rows does not know that the invoice was cents off
    billed, back = (sum(raw["grand_total"] for raw in documents) for documents in (trade.invoices, trade.memos))
    assume(captured or back <= billed)
    # halves of a fixed product tax round up both: what is billed beyond the order is no payment of it
    assume(not by_order or sum(raw["grand_total"] for raw in trade.invoices) == trade.order["grand_total"])
    assume(not any(_is_cent_of_points(raw, trade.order) for raw in (*trade.invoices, *trade.memos)))
    return trade


def _ids(place: int, created: str) -> Json:
    return {"entity_id": 57 + place, "increment_id": f"00000009{place + 1}", "created_at": created, "state": PAID}


def _replaced(draw: st.DrawFn, trade: Trade, head: Json) -> None:
    """Some of it, or all, was billed before, and that invoice cancelled while it was open."""
    some = {} if draw(_MOSTLY) else _some_of(draw, {row.item_id: row.quantity for row in trade.sale.rows})
    if not any(some.values()):
        return
    billed = trade.sale.cancelled_invoice(some) | head
    assume(billed["grand_total"] >= 0 and not _is_cent_of_points(billed, trade.order))
    # what comes to 0.00 and has tax is paid in Xero at once, and a person's to take back
    assume(not billed["tax_amount"] or identity_i(billed) + tenders(billed))
    trade.replaced = billed


def _unpaid(draw: st.DrawFn, trade: Trade, head: Json, of_order: Json, of_invoice: Json) -> Unpaid:
    """Something else that was ordered by the same customer, with other ids where it is to be another sale."""
    other = draw(_SALES)
    known = ("order_currency_code", "base_currency_code", "base_to_order_rate", "customer_is_guest", "customer_id")
    kept = {name: trade.order[name] for name in (*known, "created_at", "payment")}
    ordered = other.order | kept | of_order
    billed = other.invoice() | head | of_invoice | {"transaction_id": None}
    assume(not _is_cent_of_points(billed, ordered))
    return Unpaid(ordered, billed, ordered if trade.by_order else billed)


def _refund_to_credit(draw: st.DrawFn, trade: Trade) -> None:
    """Magento says of the order what became store credit: where one memo went through no gateway, it is that one's."""
    by_hand = [place for place, raw in enumerate(trade.memos) if raw["transaction_id"] is None]
    if len(by_hand) != 1 or not trade.memos[by_hand[0]]["grand_total"] or draw(_MOSTLY):
        return
    cards = [raw["extension_attributes"]["gift_cards_amount"] for raw in trade.memos]
    some_cards = (some for count in range(len(cards)) for some in combinations(cards, count + 1))
    if trade.memos[by_hand[0]]["grand_total"] in map(sum, some_cards):
        return  # it could as well be the cards' part that became store credit
    trade.to_credit = by_hand[0]
    spent = sum((raw["extension_attributes"]["customer_balance_amount"] for raw in trade.memos), ZERO)
    refunded = {"customer_balance_total_refunded": spent + trade.memos[by_hand[0]]["grand_total"]}
    trade.order["extension_attributes"] = trade.order["extension_attributes"] | refunded


def _is_cent_of_points(raw: Json, of_order: Json) -> bool:
    """What no reader of Magento can tell from rounding (docs/magento.md)."""
    said = of_order["extension_attributes"]["reward_currency_amount"]
    return bool(points(raw) == CENT != said and raw["grand_total"] > 0)


def _invoices(draw: st.DrawFn, sale: Sale, *, parts: bool, by_order: bool) -> Iterator[Json]:
    """The last one takes the rest."""
    in_parts = False
    for _ in range(draw(_BEFORE_THE_LAST) if parts else 0):
        some = _some_of(draw, {row.item_id: row.quantity - row.invoiced for row in sale.rows})
        is_rest = all(some[row.item_id] == row.quantity - row.invoiced for row in sale.rows)
        if any(some.values()) and not is_rest:
            in_parts = True
            yield sale.invoice(some)
    drift, net_drift = draw(_DRIFTS)
    plain = not by_order and not sale.order["extension_attributes"]["reward_currency_amount"] and not sale.surcharge
    # cents that the rows do not explain, where there is tax and something to pay
    able = plain and not in_parts and min(sale.order["tax_amount"], sale.order["grand_total"]) > _FEW_CENTS
    yield sale.invoice(drift=drift, net_drift=net_drift) if able else sale.invoice()


def _memos(draw: st.DrawFn, sale: Sale, *, captured: bool) -> Iterator[Json]:
    for _ in range(draw(_UP_TO_THREE if captured else _UP_TO_ONE)):
        some = _some_of(draw, {row.item_id: row.invoiced - row.refunded for row in sale.rows})
        positive, negative = draw(_ADJUSTMENTS)
        # an unpaid sale owes no more than its own amount: nothing beyond it can be set against it
        positive = positive if captured else "0"
        raw = sale.refund(some, shipping=draw(_YES_OR_NO), positive=positive, negative=negative)
        carries = any(some.values()) or Decimal(positive) > 0 or raw["shipping_amount"]
        if carries and raw["grand_total"] >= 0:
            yield raw


def _some_of(draw: st.DrawFn, left: dict[int, Quantity]) -> dict[int, Quantity]:
    """All that is left of each row, nothing of any, or of each nothing, a piece, a part, or all."""
    how = draw(_HOW_MUCH)
    if how in ("all", "nothing"):
        return left if how == "all" else dict.fromkeys(left, 0)
    return {item: (0, min(quantity, 1), _half(quantity), quantity)[draw(_PARTS)] for item, quantity in left.items()}


def _half(quantity: Quantity) -> Quantity:
    return quantity // 2 if isinstance(quantity, int) else (quantity / 2).quantize(Decimal("0.0001"))
