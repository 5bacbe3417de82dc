"""What the answer to a list says: its rows, and how many there are in all; and what one without pages says. Pure.

https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches/

Where it says neither, the store has not answered: a gateway in front of it has, with a notice of its own under 200.
Taken for an empty list it would mean that all rows are deleted, and take their documents out of Xero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from producers.magento.advice import CHECK_URL
from producers.magento.answers import message_of
from producers.magento.translate.values import Raw, number
from producers.store import StoreRefuses, StoreUnreachable

_MOST_ROWS = 2**32 - 1
"""Magento's tables count their rows in 32 bits."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of one page, and the number of rows on all pages."""

    rows: tuple[Raw, ...]
    total: int


def listing_of(path: str, *, page: int) -> Callable[[Any], Listing]:
    """How to read the JSON that `path` answered for a page, counted from 1. It raises as `_listing` does."""
    return partial(_listing, path, page)


def settings_of(path: str) -> Callable[[Any], Sequence[Raw]]:
    """How to read the JSON of a list that comes whole. It raises `StoreUnreachable` for what is none."""
    return partial(_settings, path)


def _listing(path: str, page: int, answer: Any) -> Listing:
    """Raises `StoreRefuses` for what is no object, and `StoreUnreachable` for one that is no list."""
    if not isinstance(answer, Mapping):
        raise StoreRefuses(f"{path} answered with something that is no list: {CHECK_URL}")
    total, items = number(answer.get("total_count")), answer.get("items")
    # Magento leaves out what is null
    found = [] if items is None else items
    if total is None or not 0 <= total <= _MOST_ROWS or not _are_objects(found):
        raise _no_list(path, "the items and total_count of a list", answer)
    if page == 1 and total > 0 and not found:
        raise StoreUnreachable(
            f"{path} answered that {total} rows pass, and with none of them: see what changes the store's lists, "
            "a gateway or an extension"
        )
    return Listing(tuple(found), total)


def _settings(path: str, answer: Any) -> Sequence[Raw]:
    if not _are_objects(answer):
        raise _no_list(path, "a list", answer)
    found: list[Raw] = answer
    return found


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _no_list(path: str, wanted: str, answer: Any) -> StoreUnreachable:
    return StoreUnreachable(
        f"{path} answered 200 without {wanted} ({message_of(answer)}): "
        f"see what stands before the store, a gateway or a firewall, and {CHECK_URL}"
    )
