"""Rows with fractions of a cent: rounded so that together they are what they are. Pure.

With tax by the unit Magento keeps 4 decimals of a row, as for half a kilo at 0.99, and its header adds those up. Each
row rounded alone would be up to half a cent off, and all of them to the same side.
"""

from __future__ import annotations

from collections.abc import Hashable
from decimal import ROUND_HALF_UP, Decimal

from producers.magento.translate.values import cents
from schemas.parts import ZERO

_KEPT = Decimal("0.0001")
"""What Magento's columns keep; what a float shows beyond is an artefact."""


class Fractions:
    """Of one document: what rounding left over of the rows before, by what they are summed up by."""

    def __init__(self) -> None:
        self._left: dict[Hashable, Decimal] = {}

    def cents(self, value: Decimal, of: Hashable) -> Decimal:
        """Rounded to 2 decimals, with what was left over of the same; an amount of whole cents never changes."""
        rounded = cents(value)
        if rounded == value:
            return rounded
        exact = value.quantize(_KEPT, ROUND_HALF_UP)
        if exact == cents(exact):
            return cents(exact)
        exact += self._left.get(of, ZERO)
        rounded = cents(exact)
        self._left[of] = exact - rounded
        return rounded
