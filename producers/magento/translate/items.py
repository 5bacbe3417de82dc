"""Which rows of an order carry money. Magento lists parents and children, and only some of them count. Pure.

A configurable product's row counts, its chosen child does not; a bundle counts as a whole when its price is fixed, by
its children when it is dynamic. `base_price` tells the two bundles apart: `price` is rewritten by some versions.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from producers.magento.translate.products import GIFT_CARD
from producers.magento.translate.values import Raw, amount, number, rows, text
from schemas.parts import ZERO, LineKind

_BUNDLE = "bundle"


def counting(order: Raw) -> dict[int, Raw]:
    """The order's items that carry money, by their id."""
    items = rows(order, "items")
    children: defaultdict[int, list[Raw]] = defaultdict(list)
    for item in items:
        if parent := number(item.get("parent_item_id")):
            children[parent].append(item)
    known = {number(item.get("item_id")): item for item in items}
    return dict(_counting(items, known, children))


def _counting(
    items: Any, known: Mapping[int | None, Raw], children: Mapping[int, list[Raw]]
) -> Iterator[tuple[int, Raw]]:
    for item in items:
        own = number(item.get("item_id"))
        parent = known.get(number(item.get("parent_item_id")))
        if own is None:
            continue
        if parent is not None:
            counts = _is_dynamic(parent, children[number(parent.get("item_id")) or 0])
        else:
            counts = own not in children or not _is_dynamic(item, children[own])
        if counts:
            yield own, item


def _is_dynamic(parent: Raw, its_children: list[Raw]) -> bool:
    return parent.get("product_type") == _BUNDLE and any(amount(child, "base_price") > 0 for child in its_children)


def line_kind(item: Raw) -> LineKind:
    """Which account the row belongs to: a gift card that is sold is a liability."""
    return LineKind.GIFT_CARD if item.get("product_type") == GIFT_CARD else LineKind.GOODS


def fixed_tax(item: Raw) -> tuple[str, Decimal, Decimal]:
    """The fixed product taxes (FPT, WEEE) of a row: their titles, their sum, and the tax on them."""
    net = amount(item, "weee_tax_applied_row_amount")
    if not net:
        return "", ZERO, ZERO
    listed = _listed(item.get("weee_tax_applied"))
    titles = " + ".join(dict.fromkeys(filter(None, (text(one, "title") for one in listed))))
    tax = sum((_tax_on(one) for one in listed), ZERO)
    return titles or "Fixed product tax", net, tax


def listed_net(row: Raw) -> Decimal:
    """What the list of fixed product taxes of a row comes to without tax: a row may have that of its whole order."""
    return sum((amount(one, "row_amount") for one in _listed(row.get("weee_tax_applied"))), ZERO)


def _tax_on(one: Raw) -> Decimal:
    included = amount(one, "row_amount_incl_tax")
    return max(included - amount(one, "row_amount"), ZERO) if included else ZERO


def _listed(value: object) -> list[Raw]:
    """`weee_tax_applied` is JSON within JSON."""
    try:
        listed = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return []
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
