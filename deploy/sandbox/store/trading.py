"""When the store does business: some events a second, by the machine's own time, or a number of orders at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from deploy.sandbox.store.market import Market

_MOST_AT_ONCE = 100


class Trading:
    """Goes on for ever at `per_second` events, or until a run's orders are placed. What is overdue is caught up."""

    def __init__(self, market: Market, now: Callable[[], float], per_second: float) -> None:
        self._market = market
        self._now = now
        self._goal: int | None = None
        self._per_second = per_second
        self._since = time.monotonic()
        self._done = 0

    @property
    def orders_left(self) -> int:
        """Orders of the current run that are not placed yet."""
        return 0 if self._goal is None else max(self._goal - self._market.placed, 0)

    def run(self, orders: int, per_second: float) -> None:
        """Place some more orders, with what else happens meanwhile; all at once where no speed is given."""
        self._goal = self._market.placed + self.orders_left + orders
        self._start(per_second)
        while not per_second and self.orders_left:
            self._market.trade(int(self._now()))

    def go_on(self, per_second: float) -> None:
        """Trade at this speed without an end; 0 stops."""
        self._goal = None
        self._start(per_second)

    def settle(self) -> None:
        """Let happen what is due by now, a bounded number of events at a time."""
        due = int((time.monotonic() - self._since) * self._per_second) - self._done
        for _ in range(min(due, _MOST_AT_ONCE)):
            if self._goal is not None and not self.orders_left:
                self._per_second = 0.0
                return
            self._done += 1
            self._market.trade(int(self._now()))

    def _start(self, per_second: float) -> None:
        self._since = time.monotonic()
        self._done = 0
        self._per_second = per_second
