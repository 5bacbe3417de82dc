"""What of an order's credit memos became store credit. Pure.

Magento says it of the order, `customer_balance_total_refunded`: in one sum with what went back to store credit that had
paid, which the memos say, and with what went back to gift cards, where that is to become credit too. What memos say
beside that is read in `added_credit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, combinations

from producers.magento.translate.figures import GIFT_CARD
from producers.magento.translate.payments import transaction_id
from producers.magento.translate.values import Raw, Unreadable, extension, identity, money, number
from schemas.parts import ZERO

REFUNDED = 2
CREDIT = "customer_balance_amount"
_OWED = "grand_total"
_MOST_PARTS = 10

Part = tuple[int, str]
"""A credit memo, and which part of it: its grand total, or what goes back to gift cards."""


@dataclass(frozen=True, slots=True)
class BecameCredit:
    """What became store credit of a memo's grand total, and of what otherwise went back to gift cards."""

    owed: Decimal = ZERO
    gift_cards: Decimal = ZERO


def became_credit(memo: Raw, order: Raw, memos: Sequence[Raw], added: Mapping[int, Decimal]) -> BecameCredit:
    """What of a memo became store credit, where it is one of the order's. Raises `Unreadable` where that is not said.

    `added` has what memos say themselves, by their ids. Beside gift cards, whole parts only are told apart: an amount
    that was typed could be of either.
    """
    refunded = money(extension(order), "customer_balance_total_refunded")
    if not refunded:
        return BecameCredit()
    found, key = _said(memos, added), identity(memo)
    left = refunded - sum((added.get(identity(one)) or tendered(one) for one in memos), ZERO)
    if left > 0:
        parts = {part: value for part, value in _parts(memos) if part not in found}
        found |= _of_order(left, parts, key)
    return BecameCredit(found.get((key, _OWED), ZERO), found.get((key, GIFT_CARD), ZERO))


def tendered(memo: Raw) -> Decimal:
    """The memo's store credit, as it stands there."""
    return money(extension(memo), CREDIT)


def _said(memos: Sequence[Raw], added: Mapping[int, Decimal]) -> dict[Part, Decimal]:
    """The parts whose refund to store credit the memos say themselves."""
    found: dict[Part, Decimal] = {}
    for one in memos:
        key = identity(one)
        if own := added.get(key):
            amount, cards = own - (tendered(one) - own), _cards(one)
            parts = {(key, GIFT_CARD): cards, (key, _OWED): money(one, "grand_total")}
            found |= _only(amount, parts) if cards and amount else {(key, _OWED): amount}
    return found


def _of_order(left: Decimal, parts: Mapping[Part, Decimal], key: int) -> dict[Part, Decimal]:
    """The parts that what the order alone says is of."""
    if any(name == GIFT_CARD for _, name in parts):
        return _only(left, parts)
    if (key, _OWED) not in parts:
        return {}
    if len(parts) == 1 or left == sum(parts.values()):
        return {(key, _OWED): min(left, parts[key, _OWED])}
    raise Unreadable(
        f"{left} of the order's refunds became store credit, and {len(parts)} credit memos could be meant: "
        "book this one by hand"
    )


def _parts(memos: Sequence[Raw]) -> Iterator[tuple[Part, Decimal]]:
    for one in memos:
        if number(one.get("state")) != REFUNDED:
            continue
        if cards := _cards(one):
            yield (identity(one), GIFT_CARD), cards
        if not transaction_id(one):
            yield (identity(one), _OWED), money(one, "grand_total")


def _cards(memo: Raw) -> Decimal:
    return money(extension(memo), "gift_cards_amount")


def _only(became: Decimal, parts: Mapping[Part, Decimal]) -> dict[Part, Decimal]:
    """The parts that make the sum, if no others do."""
    worth = {key: value for key, value in parts.items() if value}
    few = list(worth)[:_MOST_PARTS] if len(worth) <= _MOST_PARTS else []
    some = chain.from_iterable(combinations(few, count + 1) for count in range(len(few)))
    fitting = [one for one in some if sum(worth[key] for key in one) == became]
    if len(fitting) != 1:
        said = ", ".join(f"{value} {name} of {memo}" for (memo, name), value in worth.items())
        raise Unreadable(
            f"{became} of the order's refunds became store credit, and Magento does not say which of its credit "
            f"memos' parts ({said}): book this one by hand"
        )
    return {key: worth[key] for key in fitting[0]}
