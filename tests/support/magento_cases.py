"""Which cases of docs/accounting.md a trade is: told from the shop's own figures, so that a test can say it saw all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import product
from typing import Any

from tests.support.magento_identities import identity_c, identity_i, tenders
from tests.support.magento_tax import ZERO, Amounts
from tests.support.magento_trades import CARD, CHEQUE, TRANSFER, Trade
from tests.support.magento_wares import EXEMPT, ZERO_RATED, Row

Json = dict[str, Any]

NOT_OF_MAGENTO = frozenset(
    {
        "Discount of the sale as a row, with its tax",
        "A row of tax alone",
        "The same beside goods of its rate",
        "Refund of tax alone",
        "Payment removed",
        "Credit memo cancelled or removed",
    }
)
"""Documented cases that other stores have. Magento's discounts are of rows, its rows are of something, and what it paid
or refunded stays.
"""


def cases_of(trade: Trade) -> Iterator[str]:
    """The titles in docs/accounting.md, and below them the settings of the shop that taxed a discounted row."""
    yield from (title for title, is_one in _SALES.items() if trade.sold and is_one(trade))
    yield from (title for title, is_one in _MONEY.items() if trade.sold and is_one(trade))
    for memo in trade.memos:
        yield from (title for title, is_one in _REFUNDS.items() if is_one(trade, memo))
    yield from _settings(trade)


def settings() -> list[str]:
    """Magento's ways to tax a discounted row, each as `cases_of` names it."""
    return [_setting(*one) for one in product(("unit", "row", "total"), (False, True), (False, True))]


def _settings(trade: Trade) -> Iterator[str]:
    setting = trade.sale.setting
    if trade.sold and any(row.amounts.discount and row.amounts.tax for row in trade.sale.rows):
        yield _setting(setting.algorithm, setting.inclusive, setting.after_discount)


def _setting(algorithm: str, inclusive: bool, after_discount: bool) -> str:
    prices, moment = "with" if inclusive else "without", "after" if after_discount else "before"
    return f"tax by the {algorithm}, prices {prices} it, {moment} the discount"


def _taxed(trade: Trade) -> list[Row]:
    return [row for row in trade.sale.rows if row.amounts.tax]


def _taxed_by(algorithm: str, *, rows: int = 1, pieces: int = 1) -> Callable[[Trade], bool]:
    def is_one(trade: Trade) -> bool:
        found = [row for row in _taxed(trade) if row.quantity >= pieces]
        return trade.sale.setting.algorithm == algorithm and len(found) >= rows

    return is_one


def _discounted(*, after: bool, wholly: bool) -> Callable[[Trade], bool]:
    def is_one(trade: Trade) -> bool:
        rows = trade.sale.rows
        if wholly:
            off = all(row.amounts.discount and not _net(row.amounts) for row in rows)
            return off and trade.sale.setting.after_discount == after and (after or any(r.amounts.tax for r in rows))
        discounted = any(row.amounts.discount and row.amounts.tax for row in rows)
        return discounted and trade.sale.setting.after_discount == after

    return is_one


def _net(amounts: Amounts) -> Decimal:
    return amounts.net - amounts.discount + amounts.compensation


def _is_crowded(row: Row) -> bool:
    return _net(row.amounts) < row.amounts.tax


def _is_crowded_beside(row: Row, trade: Trade) -> bool:
    """Whether its tax has no room, and the goods beside it that have are of other rates."""
    others = [other.ware.rates for other in _taxed(trade) if not _is_crowded(other)]
    return _is_crowded(row) and bool(others) and row.ware.rates not in others


def _has_bundle_of_parts(trade: Trade) -> bool:
    charged = {row.item_id for row in trade.sale.rows}
    return any(one["product_type"] == "bundle" and one["item_id"] not in charged for one in trade.sale.items)


def _tendered(trade: Trade) -> bool:
    """Cards, credit, points and money, all of them."""
    stated = trade.order["extension_attributes"]
    names = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
    return bool(all(stated[name] for name in names) and trade.order["grand_total"] and trade.captured)


def _paid_by(method: str) -> Callable[[Trade], bool]:
    def is_one(trade: Trade) -> bool:
        return trade.method == method and any(trade.is_paid(raw) and raw["grand_total"] for raw in trade.invoices)

    return is_one


def _refund(*, rows: str, adjusted: str = "") -> Callable[[Trade, Json], bool]:
    """A memo of `all` rows, of `some`, or of `none`, its adjustment `positive`, `negative` or none."""

    def is_one(trade: Trade, memo: Json) -> bool:
        named = [name for name in ("positive", "negative") if memo[f"adjustment_{name}"]]
        return trade.captured and _rows_of(trade, memo) in rows.split("|") and named == ([adjusted] if adjusted else [])

    return is_one


def _rows_of(trade: Trade, memo: Json) -> str:
    back = {one["order_item_id"]: one["qty"] for one in memo["items"] if "row_total" in one}
    if not back:
        return "none"
    return "all" if back == {row.item_id: row.quantity for row in trade.sale.rows} else "some"


def _of_shipping_alone(trade: Trade, memo: Json) -> bool:
    return bool(_refund(rows="none")(trade, memo) and memo["shipping_amount"])


def _of_adjustment_alone(trade: Trade, memo: Json) -> bool:
    return _refund(rows="none", adjusted="positive")(trade, memo) and not memo["shipping_amount"]


def is_to_credit(trade: Trade, memo: Json) -> bool:
    """Whether this credit memo's grand total became store credit."""
    return trade.to_credit is not None and memo is trade.memos[trade.to_credit]


def _of_unpaid(trade: Trade, memo: Json) -> bool:
    spent = identity_c(memo) + tenders(memo) - memo["grand_total"]
    return not trade.captured and not trade.old and not spent and not is_to_credit(trade, memo)


def _of_paid_in_part(trade: Trade, memo: Json) -> bool:
    spent = identity_c(memo) + tenders(memo) - memo["grand_total"]
    return (
        not trade.captured and not trade.old and bool(spent and memo["grand_total"]) and not is_to_credit(trade, memo)
    )


def _names_no_invoice(trade: Trade, memo: Json) -> bool:
    by_hand = trade.captured and not trade.is_paid(memo) and not trade.old
    return by_hand and not is_to_credit(trade, memo)


_SALES: dict[str, Callable[[Trade], bool]] = {
    "Prices without tax": lambda trade: bool(_taxed(trade)) and not trade.sale.setting.inclusive,
    "Prices with tax: two at 9.99": lambda trade: bool(_taxed(trade)) and trade.sale.setting.inclusive,
    "Tax by the piece: ten at 1.03": _taxed_by("unit", pieces=2),
    "Tax by the row": _taxed_by("row"),
    "Tax by the total, what is left over carried on": _taxed_by("total", rows=2),
    "Several rates": lambda trade: len({row.ware.rates for row in _taxed(trade)}) > 1,
    "Two taxes on a row (a state's and a city's)": lambda trade: any(len(r.ware.rates) > 1 for r in _taxed(trade)),
    "Shipping with tax": lambda trade: bool(trade.sale.shipping.tax),
    "Zero-rated, exempt, and without any tax": lambda trade: (
        len({row.ware.rates for row in trade.sale.rows} & {(ZERO_RATED,), (EXEMPT,), ()}) > 1
    ),
    "Fixed product tax, taxed itself": lambda trade: any(row.fpt_tax for row in trade.sale.rows),
    "Surcharge of a payment method, gift wrapping": lambda trade: bool(trade.sale.surcharge and trade.sale.wrapping),
    "Gift card sold": lambda trade: any(r.ware.kind == "giftcard" and _net(r.amounts) for r in trade.sale.rows),
    "Bundle with a price of its parts": _has_bundle_of_parts,
    "Configurable product, bundle with a price of its own": lambda trade: any(
        row.ware.kind in {"configurable", "bundle"} for row in trade.sale.rows
    ),
    "0.3750 of something": lambda trade: any(row.quantity != int(row.quantity) for row in trade.sale.rows),
    "Two invoices: shipping on the first, remainders on the last": lambda trade: (
        len(trade.sold) > 1 and bool(trade.sale.shipping.net)
    ),
    "Another currency, at the store's rate": lambda trade: trade.order["order_currency_code"] == "EUR",
    "Nothing to pay": lambda trade: any(not identity_i(raw) + tenders(raw) for raw in trade.sold),
    "Discount on a row, tax after it": _discounted(after=True, wholly=False),
    "Discount on a row, tax before it": _discounted(after=False, wholly=False),
    "All of it off, tax after the discount": _discounted(after=True, wholly=True),
    "All of it off, tax before the discount": _discounted(after=False, wholly=True),
    "Net that the rows do not explain": lambda trade: any(raw.get("net_drift") for raw in trade.sold),
    "Tax that the rows do not explain": lambda trade: any(raw.get("drift") for raw in trade.sold),
    "Tax that no row has room for": lambda trade: any(_is_crowded(row) for row in trade.sale.rows),
    "The same beside goods of another rate": lambda trade: any(_is_crowded_beside(row, trade) for row in _taxed(trade)),
    "Dated in a locked period": lambda trade: trade.locked is not None,
    "Sale edited before it is paid": lambda trade: trade.edited is not None,
    "Sale cancelled or removed": lambda trade: trade.withdrawn is not None,
}

_MONEY: dict[str, Callable[[Trade], bool]] = {
    "Paid by card, into the gateway's clearing account": _paid_by(CARD),
    "Paid by bank transfer": _paid_by(TRANSFER),
    'Paid by a method that is "none"': _paid_by(CHEQUE),
    "Paid with a gift card, store credit, points and a card": _tendered,
    "Captured in two parts": lambda trade: (
        trade.by_order and sum(trade.is_paid(raw) and raw["grand_total"] > ZERO for raw in trade.invoices) > 1
    ),
}

_REFUNDS: dict[str, Callable[[Trade, Json], bool]] = {
    "Of a paid sale": _refund(rows="all"),
    "Of a part of it": _refund(rows="some"),
    "Less an adjustment fee": _refund(rows="some|all", adjusted="negative"),
    "With an adjustment refund": _refund(rows="some|all", adjusted="positive"),
    "Of an adjustment alone": _of_adjustment_alone,
    "Of shipping alone": _of_shipping_alone,
    "To store credit": is_to_credit,
    "Of an unpaid sale": _of_unpaid,
    "Of a sale that was paid in part": _of_paid_in_part,
    "Of a sale before `start_date`": lambda trade, _: trade.old,
    "That names no invoice": _names_no_invoice,
}
