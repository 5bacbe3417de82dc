"""Which line of Xero a line of ours goes on as, so that it keeps its id. Pure.

https://developer.xero.com/documentation/api/accounting/requests-and-responses
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from worker.xero.facts import money
from worker.xero.sameness import item_code_of, line_amount

Element = Mapping[str, Any]


def paired(ours: Sequence[Element], theirs: Sequence[Element]) -> Iterator[tuple[Element, Element | None]]:
    """Each of our lines with the line of Xero whose id it keeps.

    That is the same, else one of the same words, else of the same money and that item's or no item's, else one of that
    item. A line keeps what an update leaves out, so an item code must never pass to another line. Where ours has lost
    its code, as when the item was deleted, Xero's is another line: an update would keep a code that Xero may not know.
    """
    left = [line for line in theirs if line.get("LineItemID")]
    chosen: dict[int, Element] = {}
    for likeness in (_same_line, _same_words, _same_worth, _booked_before_its_item, _same_item):
        for place, line in enumerate(ours):
            hit = next((one for one in left if likeness(line, one)), None) if place not in chosen else None
            if hit is not None:
                chosen[place] = hit
                left.remove(hit)
    for place, line in enumerate(ours):
        yield line, chosen.get(place)


def _same_line(ours: Element, theirs: Element) -> bool:
    return _same_words(ours, theirs) and figures(ours) == figures(theirs)


def _same_words(ours: Element, theirs: Element) -> bool:
    return _same_item(ours, theirs) and ours.get("Description") == theirs.get("Description")


def _same_worth(ours: Element, theirs: Element) -> bool:
    return _same_item(ours, theirs) and is_same_money(ours, theirs)


def _booked_before_its_item(ours: Element, theirs: Element) -> bool:
    return not theirs.get("ItemCode") and is_same_money(ours, theirs)


def _same_item(ours: Element, theirs: Element) -> bool:
    return item_code_of(ours) == item_code_of(theirs)


def is_same_money(ours: Element, theirs: Element) -> bool:
    """Whether both are the same money; as mapping puts it, a quantity may stand in the words instead."""
    quantity, *rest = figures(ours)
    quantity_there, *rest_there = figures(theirs)
    if rest != rest_there:
        return False
    in_words = f"{theirs.get('Description')} (quantity {quantity_there.normalize():f})" if quantity_there else None
    return quantity == quantity_there or (quantity == 1 and ours.get("Description") == in_words)


def figures(line: Element) -> tuple[Decimal | None, Decimal, Decimal | None, object]:
    """What of a line is money: equal for equal money, however it is written."""
    return money(line.get("Quantity")), line_amount(line), money(line.get("TaxAmount")), line.get("TaxType")
