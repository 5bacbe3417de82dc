"""Which days are read together, and what that costs. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from worker.xero.lists import pages_of

MOST = 5000
"""Sales that are read together: few calls are lost on pages that are not full, and little is done anew after an end."""


@dataclass(frozen=True, slots=True)
class Window:
    """Some days, both ends included, and how many sales and refunds the stores have there."""

    first: date
    last: date
    sales: int = 0
    refunds: int = 0

    @property
    def price(self) -> int:
        """Calls of its three lists, if each sale and each refund was paid once."""
        return pages_of(self.sales) + pages_of(self.refunds) + pages_of(self.sales + self.refunds)


def months(first: date, last: date) -> Iterator[Window]:
    """The calendar months of some days, the first and the last of them cut."""
    while first <= last:
        end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        yield Window(first, min(end, last))
        first = end + timedelta(days=1)


def merged(counted: Sequence[Window], most: int = MOST) -> list[Window]:
    """Neighbours together, as long as they have no more than `most` sales; one without sales costs nothing there."""
    found: list[Window] = []
    for one in counted:
        if found and (not one.sales or found[-1].sales + one.sales <= most):
            before = found.pop()
            one = Window(before.first, one.last, before.sales + one.sales, before.refunds + one.refunds)  # noqa: PLW2901 - grown
        found.append(one)
    return found


def price_of(windows: Sequence[Window], customers: int) -> int:
    """Calls of a whole rebuild: the windows, the list of items, and that of contacts, should every buyer be a guest."""
    buyers = customers + sum(window.sales for window in windows)
    return sum(window.price for window in windows) + pages_of(buyers) + 1
