"""Everything one sandbox holds, and how it is brought back to its beginning."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from deploy.sandbox.store.access import Access
from deploy.sandbox.store.clock import StoreClock
from deploy.sandbox.store.facts import facts_of
from deploy.sandbox.store.faults import Faults
from deploy.sandbox.store.market import Market, Size
from deploy.sandbox.store.setup_data import tax_rates
from deploy.sandbox.store.shelf import Shelf
from deploy.sandbox.store.style import Style, Version
from deploy.sandbox.store.trading import Trading


@dataclass(frozen=True, slots=True)
class Options:
    """How a sandbox is started. `trade`: events a second from the beginning."""

    orders: int = 100
    seed: int = 0
    trade: float = 0.0
    version: Version = "2.4"
    commerce: bool = True


class RequestKind(NamedTuple):
    """What requests are counted by."""

    endpoint: str
    status: int


class Sandbox:
    """The state of one sandbox. `base_url` is its canonical address, without a slash at the end."""

    def __init__(self, options: Options, base_url: str) -> None:
        self.options = options
        self.base_url = base_url
        self.tax_rates = tax_rates()
        self.reset()

    def reset(self) -> None:
        """Back to the beginning: the past as made by the seed, no faults, limits off, the clock of the machine."""
        with _without_collector():
            self._begin(self.options)

    def _begin(self, options: Options) -> None:
        self.clock = StoreClock()
        self.market = Market(Size(options.orders, options.seed, options.commerce), int(self.clock.now()))
        style = Style(options.version, options.commerce)
        self.shelf = Shelf(self.market.registry, style, facts_of, self.clock.now)
        self.trading = Trading(self.market, self.clock.now, options.trade)
        self.access = Access()
        self.faults = Faults()
        self.page_limit: int | None = None
        self.requests: Counter[RequestKind] = Counter()
        self.rows_served: Counter[str] = Counter()

    def settle(self) -> None:
        """Let everything happen that is due."""
        self.trading.settle()
        self.shelf.settle()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Millions of objects that all stay are not worth a search for garbage; it would double the time of a start."""
    gc.unfreeze()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
