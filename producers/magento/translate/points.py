"""How much of an invoice or credit memo reward points paid. Pure.

Magento says the points of the order alone. A document's grand total lacks its part of them, and holds what its header
does not show: its part of the fees that only the order shows, of an extension's fee, of a cent. Where the order has
both, the one total does not tell the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from producers.magento.translate.values import CENT, Unreadable
from schemas.parts import ZERO


@dataclass(frozen=True, slots=True)
class Sums:
    """Of a header, without adjustments and custom fees: what its parts add up to, and what is paid without points."""

    parts: Decimal
    paid: Decimal

    @property
    def beyond(self) -> Decimal:
        """What is paid beyond the parts; below zero where points paid some of them."""
        return self.paid - self.parts


def points_paid(document: Sums, order: Sums, reward: Decimal, *, owes: bool) -> Decimal:
    """The document's part of the order's points, `reward`. Raises `Unreadable` where Magento does not tell it.

    A single cent is rounding, unless points paid all (`owes` is false), or are a cent. An order that hides nothing is
    taken to have documents that hide nothing.
    """
    if document == order:
        return reward
    hidden = order.beyond + reward
    # the document holds all, some or nothing of what its order hides, and of its points
    least = max(min(hidden, ZERO) - document.beyond, ZERO)
    most = min(max(hidden, ZERO) - document.beyond, reward)
    if ZERO <= most <= CENT and owes and reward != CENT:
        return ZERO
    if hidden and least != most:
        raise Unreadable(
            f"apart from adjustments its own figures are {document.parts}, and {document.paid} is paid otherwise than "
            f"by points; its order has {reward} of points and {hidden} of fees or rounding, and Magento does not say "
            "how much of each is in here: book it by hand, with the points that its page in Magento shows"
        )
    return min(least, reward)
