"""The store's business: a past that is made up at the start, and events that go on while somebody watches."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace

from deploy.sandbox.store.catalogue import Catalogue
from deploy.sandbox.store.chance import Chance
from deploy.sandbox.store.lives import DAY, Lives
from deploy.sandbox.store.model import Customer, Order, Product
from deploy.sandbox.store.ordering import Ordering, register
from deploy.sandbox.store.people import person
from deploy.sandbox.store.registry import Kind, Registry

PAST_DAYS = 20
_RECENT = 200
_EVENTS = (*("order",) * 7, *("follow-up",) * 13, "customer", "product", "noise", "noise")
_NOISY: tuple[Kind, ...] = ("orders", "orders", "invoices", "creditmemos", "customers", "products")


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a past the store has, and what decides it."""

    orders: int
    seed: int
    commerce: bool = True


class Market:
    """The same size makes the same business; only its times follow the clock."""

    def __init__(self, size: Size, now: int) -> None:
        self.registry = Registry()
        self.placed = 0
        self.events = 0
        self.undecided = False
        self._chance = Chance(size.seed)
        self._steps: list[tuple[int, int, Callable[[int], None]]] = []
        self._scheduled = 0
        begin = now - PAST_DAYS * DAY
        self._customers = [
            register(self.registry, self._chance, begin - 50 * DAY + n) for n in range(max(size.orders // 5, 10))
        ]
        self._catalogue = Catalogue(self._chance, max(size.orders // 5, 40), begin - 90 * DAY, commerce=size.commerce)
        for product in self._catalogue.sold:
            self.registry.add("products", product)
        self.registry.next_ids("products", len(self._catalogue.sold))
        self._ordering = Ordering(self.registry, self._chance, self._catalogue, commerce=size.commerce)
        self._lives = Lives(self.registry, self._chance, self._ordering, self._schedule)
        self._past(size.orders, begin, now)

    def rest(self, *, undecided: bool) -> None:
        """Whether what happens from now on leaves some orders and credit memos undecided for a while [store 5.4]."""
        self.undecided = self._lives.undecided = undecided

    def trade(self, now: int) -> None:
        """Let one thing happen."""
        self.events += 1
        what = self._chance.one_of(_EVENTS)
        if what == "order":
            self._place(now, past=False)
        elif what == "follow-up" and self._steps:
            self._follow_up()(now)
        elif what == "customer":
            self._customer(now)
        elif what == "product":
            self._product(now)
        else:
            self._noise(now)

    def touch(self, kind: Kind, number: int, now: int) -> None:
        """Bump an entity's time without changing it. Raises KeyError."""
        entity = self.registry.entities[kind][number]
        if not hasattr(entity, "updated"):
            raise KeyError(kind)
        entity.updated = now
        self.registry.write((kind, entity))

    def _past(self, orders: int, begin: int, now: int) -> None:
        for number in range(orders):
            moment = begin + int((now - begin) * (number + self._chance.between(0, 1)) / orders)
            while self._steps and self._steps[0][0] <= moment:
                at, _, step = heapq.heappop(self._steps)
                step(at)
            self._place(moment, past=True)
        while self._steps and self._steps[0][0] < now:
            at, _, step = heapq.heappop(self._steps)
            step(at)
        self.placed = 0

    def _place(self, moment: int, *, past: bool) -> None:
        self.placed += 1
        order = self._ordering.place(self._customers, moment, past=past)
        self._lives.begin(order, moment)

    def _schedule(self, moment: int, step: Callable[[int], None]) -> None:
        self._scheduled += 1
        heapq.heappush(self._steps, (moment, self._scheduled, step))

    def _follow_up(self) -> Callable[[int], None]:
        """The step that comes next; one in four is any other, so that refunds do not have to wait for their day."""
        if self._chance.happens(0.75):
            return heapq.heappop(self._steps)[2]
        step = self._steps.pop(self._chance.below(len(self._steps)))[2]
        heapq.heapify(self._steps)
        return step

    def _noise(self, now: int) -> None:
        kind = self._chance.one_of(_NOISY)
        known = self.registry.entities[kind]
        if known:
            self.touch(kind, self._chance.one_of(list(known)[-_RECENT:]), now)

    def _customer(self, now: int) -> None:
        """A new account, or one that moved; an address alone does not bump the customer [store 5.2]."""
        if self._chance.happens(0.5):
            made = register(self.registry, self._chance, now)
            self._customers.append(made)
            self.registry.write(("customers", made))
            return
        known = self._chance.one_of(self._customers)
        fresh = person(self._chance, known.person.country)
        if self._chance.happens(0.2):
            known.person = replace(fresh, first=known.person.first, last=known.person.last)
        else:
            known.person, known.updated = fresh, now
        self.registry.write(("customers", known))

    def _product(self, now: int) -> None:
        sold = self._catalogue.sold
        made: Product
        if self._chance.happens(0.5):
            made = self._catalogue.add(self.registry.next_id("products"), now)
            self.registry.add("products", made)
        else:
            made = self._chance.one_of(sold)
            if made.type != "giftcard":
                made.price = int(made.price * self._chance.between(0.8, 1.3)) + 1
            made.updated = now
        self.registry.write(("products", made))

    def forget(self, kind: Kind, number: int) -> list[tuple[Kind, int]]:
        """Delete an entity, and an order's documents with it; returns all that is gone. Raises KeyError.

        Nobody orders with a deleted account, or a deleted product.
        """
        entity = self.registry.entities[kind].pop(number)
        if isinstance(entity, Customer):
            self._customers = [one for one in self._customers if one is not entity]
        if isinstance(entity, Product):
            self._catalogue.sold = [one for one in self._catalogue.sold if one is not entity]
        gone: list[tuple[Kind, int]] = [(kind, number)]
        if isinstance(entity, Order):
            gone += [("invoices", one.id) for one in entity.invoices]
            gone += [("creditmemos", one.id) for one in entity.memos]
            gone += [("transactions", one.id) for one in entity.transactions]
            for other, its_number in gone[1:]:
                del self.registry.entities[other][its_number]
        return gone
