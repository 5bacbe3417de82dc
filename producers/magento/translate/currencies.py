"""The currency of a sale, and its rate to the store's base currency. Pure."""

from __future__ import annotations

from decimal import Decimal

from producers.magento.translate.values import Raw, Unreadable, amount, money, rate
from schemas.parts import ZERO

_HALF_A_STEP = Decimal("0.00005")  # base_to_order_rate has 4 decimals
_HALF_A_CENT = Decimal("0.005")


def currency_of(document: Raw, of_order: Raw) -> str:
    """The currency the customer paid in."""
    code = document.get("order_currency_code") or of_order.get("order_currency_code")
    if not code:
        raise Unreadable("order_currency_code is missing")
    return str(code)


def exchange_rate(document: Raw, of_order: Raw) -> Decimal | None:
    """Units of the document's currency for one of the store's base currency, fixed when the order was placed.

    One for all documents of an order: their totals are parts of the order's, and a payment at another rate than its
    invoice's would book a gain or a loss.
    """
    base = document.get("base_currency_code") or of_order.get("base_currency_code")
    if not base or base == currency_of(document, of_order):
        return None
    stated = amount(document, "base_to_order_rate") or amount(of_order, "base_to_order_rate")
    return rate(closest_rate(stated, money(of_order, "grand_total"), money(of_order, "base_grand_total"))) or None


def closest_rate(stated: Decimal, total: Decimal, base_total: Decimal) -> Decimal:
    """The rate as stated, or that of a total in both currencies where that is surely closer to the true one.

    Of a stated 0.0067 (yen to dollars) the four decimals leave two digits, and of 0.0000 (dong to euros) none. The
    totals are rounded to cents each: the larger they are, the less that does to their rate. Where the two rates differ
    by more than what both are rounded by, something else is in the totals, and the stated one stands. 0 is no rate.
    """
    if total <= 0 or base_total <= _HALF_A_CENT:
        return max(stated, ZERO)
    of_totals = total / base_total
    rounded_by = (total + _HALF_A_CENT) / (base_total - _HALF_A_CENT) - of_totals
    closer = rounded_by < _HALF_A_STEP
    agrees = abs(of_totals - stated) <= _HALF_A_STEP + rounded_by
    return of_totals if closer and agrees else max(stated, ZERO)
