"""What a credit memo itself says of its refund to store credit. Pure.

Older versions of Commerce say on the order alone what of its refunds became store credit. Newer ones add the amount to
the memo's `customer_balance_amount` as well, beside store credit that had paid, and leave its grand total as it is.
Such a memo's figures are worth more than its rows, by just that amount, which would go back twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from producers.magento.translate.payments import transaction_id
from producers.magento.translate.values import CENT, Raw, Unreadable, extension, identity, money
from schemas.parts import ZERO, Adjustment, Line

_ROUNDING = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class OrderSays:
    """What an order says of all its credit memos: `paid` and `refunded` are of store credit, `fees` what they come to.

    Of points and fees a credit memo may hold a part. `is_only`: it is the only one, so that `refunded` is its own.
    """

    paid: Decimal
    refunded: Decimal
    reward: Decimal
    fees: Decimal
    is_only: bool

    def explains(self, over: Decimal) -> bool:
        """Whether figures that are worth so much more than their rows hold no more than points, which lack, or fees."""
        return -self.reward - _ROUNDING <= over <= _ROUNDING or (bool(self.fees) and abs(over - self.fees) <= CENT)


def order_says(order: Raw, memos: Sequence[Raw], fees: Iterable[Line]) -> OrderSays:
    """Read it from an order and its credit memos."""
    stated = extension(order)
    return OrderSays(
        paid=money(stated, "customer_balance_amount"),
        refunded=money(stated, "customer_balance_total_refunded"),
        reward=money(stated, "reward_currency_amount"),
        fees=sum((fee.gross for fee in fees), ZERO),
        is_only=len(memos) == 1,
    )


def added_credit(memo: Raw, says: OrderSays, lines: Iterable[Line], adjustments: Iterable[Adjustment]) -> Decimal:
    """How much of the memo's store credit is of its grand total too. Raises `Unreadable` where it may be, or may not.

    Figures that older versions would write as well are taken as theirs, unless they would be a newer one's too.
    """
    credit, owed = money(extension(memo), "customer_balance_amount"), money(memo, "grand_total")
    if not credit:
        return ZERO
    cards = money(extension(memo), "gift_cards_amount")
    worth = sum((line.gross for line in lines), ZERO) + sum((one.amount for one in adjustments), ZERO)
    beyond = owed + cards + credit - worth
    is_usual = says.explains(beyond)
    # where store credit had paid, older versions write the same: no box and no amount beyond the rows has to explain it
    is_older = is_usual and says.paid > 0
    typed = _typed(says, credit, ZERO if is_older else cards, ZERO if is_older else beyond)
    added = [one for one in typed if one <= min(credit, owed) and says.explains(beyond - one)]
    if not added and (is_usual or credit <= says.paid):
        return ZERO
    # of several memos of an order that store credit has paid too, no figure says which part is which
    if len(added) == 1 and not is_usual and (says.is_only or not says.paid):
        of_money = added[0] - (credit - added[0])
        # a gateway is asked for the whole grand total: of that nothing can have become store credit beside
        if not of_money or (of_money > 0 and not transaction_id(memo)):
            return added[0]
    raise Unreadable(
        f"the rows of credit memo {identity(memo)} are worth {worth}, its grand total is {owed} and its store credit "
        f"{credit}, of the order {says.paid} was paid with store credit and {says.refunded} became some: Magento does "
        "not say what went back how, book it by hand"
    )


def _typed(says: OrderSays, credit: Decimal, cards: Decimal, beyond: Decimal) -> set[Decimal]:
    """The amounts that may have been added to what had paid, by what the order says. Cards become credit by a box."""
    if says.is_only:
        had_paid = {one: credit - one for one in (says.refunded, says.refunded - cards)}
        # what had paid goes back with the first memo: it stands in this one
        possible = {
            one for one, before in had_paid.items() if 0 <= before <= says.paid and bool(before) == (says.paid > 0)
        }
    elif says.paid:
        possible = {beyond} if credit - says.paid <= beyond and credit - beyond <= beyond else set()
    else:
        possible = {credit}
    return {one for one in possible if ZERO < one <= says.refunded}
