"""What orders, invoices and credit memos have in common, and orders themselves. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from producers.magento.translate.currencies import currency_of, exchange_rate
from producers.magento.translate.figures import Figures, figures, tender
from producers.magento.translate.lines import order_lines
from producers.magento.translate.people import buyer
from producers.magento.translate.places import Places, View
from producers.magento.translate.values import (
    Raw,
    Unreadable,
    day,
    extension,
    identity,
    moment,
    money,
    text,
    version,
)
from producers.store import Found
from schemas.entities import Entity, Order
from schemas.parts import Tender

_NUMBER = 64
_CANCELLED = "canceled"
_NOT_YET = frozenset({"pending_payment", "payment_review", "holded"})
"""States in which nobody knows yet whether there will be a sale."""


def order(raw: Raw, places: Places) -> tuple[Found, ...]:
    """An order; nothing of one that is not decided yet. Raises `Unreadable`.

    An edited order is two: Magento cancels the first, and the second has a number of its own.
    """
    state = text(raw, "state")
    if state in _NOT_YET:
        return ()
    cancelled = state == _CANCELLED
    if not cancelled and money(raw, "total_canceled"):
        text_ = f"{money(raw, 'total_canceled')} of its {money(raw, 'grand_total')} are cancelled; of which rows, "
        raise Unreadable(text_ + "its totals do not say: book such orders from their invoices")
    reward = money(extension(raw), "reward_currency_amount")
    sums = figures(raw, order_lines(raw), reward=reward)
    view = view_of(raw, raw, places)
    data = Order(**sale_fields(raw, raw, view, sums), cancelled=cancelled)
    return (Found(Entity.ORDER, version(raw), (view.place,), data),)


def sale_fields(document: Raw, of_order: Raw, view: View, sums: Figures) -> dict[str, Any]:
    """The fields of `Sale`; the tenders are all that will pay it."""
    return {
        "id": str(identity(document)),
        "number": number_of(document),
        "order_number": number_of(of_order),
        "currency": currency_of(document, of_order),
        "rate": exchange_rate(document, of_order),
        "date": day(moment(document, "created_at"), view.zone),
        "website": view.place.website,
        "customer": buyer(of_order),
        "lines": sums.lines,
        "adjustments": sums.adjustments,
        "residual": sums.residual,
        "tenders": (*sums.tenders, *left_to_pay(of_order, sums.owed)),
        "totals": sums.totals,
    }


def dated(document: Raw, of_order: Raw, places: Places) -> date:
    """The accounting date of a document: its day in the time zone of its view."""
    return day(moment(document, "created_at"), view_of(document, of_order, places).zone)


def left_to_pay(of_order: Raw, owed: Decimal) -> tuple[Tender, ...]:
    """What the order's payment method pays."""
    return (tender(method_of(of_order), owed),) if owed > 0 else ()


def view_of(document: Raw, of_order: Raw, places: Places) -> View:
    """The store view of a document, or of its order."""
    store_id = document.get("store_id") or of_order.get("store_id")
    return places.of_sale(store_id, of_order.get("store_name"))


def number_of(raw: Raw) -> str:
    """The number people know; the id where an import left it out."""
    return text(raw, "increment_id", _NUMBER) or str(identity(raw))


def method_of(of_order: Raw) -> str:
    """The code of the order's payment method."""
    payment = of_order.get("payment")
    return (text(payment, "method", _NUMBER) if isinstance(payment, dict) else "") or "unknown"
