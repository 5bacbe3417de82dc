"""Whether the documents of a reply can be read: what cannot says nothing, and must break nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worker.xero.facts import Unreadable, money

_AMOUNTS = (
    "Amount",
    "AmountCredited",
    "AmountDue",
    "AmountPaid",
    "CurrencyRate",
    "EffectiveRate",
    "RemainingCredit",
    "Total",
    "TotalTax",
)
_OF_LINE = ("DiscountAmount", "DiscountRate", "LineAmount", "Quantity", "TaxAmount", "UnitAmount")
_LISTS = {"Allocations": ("Amount",), "LineItems": _OF_LINE}


def is_readable(element: Mapping[str, Any]) -> bool:
    """Whether whatever is asked of an element is what it should be: an amount, objects in a list, a word."""
    status = element.get("Status")
    if not _has_amounts(element, _AMOUNTS) or isinstance(status, list | dict):
        return False
    return all(_are_readable(element.get(name), amounts) for name, amounts in _LISTS.items())


def _are_readable(inside: Any, amounts: Sequence[str]) -> bool:
    if not isinstance(inside, list):
        return not inside
    return all(isinstance(one, dict) and _has_amounts(one, amounts) for one in inside)


def _has_amounts(element: Mapping[str, Any], names: Sequence[str]) -> bool:
    try:
        for name in names:
            money(element.get(name))
    except Unreadable:
        return False
    return True
