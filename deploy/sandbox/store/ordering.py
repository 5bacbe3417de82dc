"""How an order comes to be: who, where, what, and how it will be paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.sandbox.store.basket import fill
from deploy.sandbox.store.catalogue import Catalogue
from deploy.sandbox.store.chance import Chance
from deploy.sandbox.store.checkout import Basket, collect
from deploy.sandbox.store.model import Customer, Order, Person
from deploy.sandbox.store.money import RATE_SCALE
from deploy.sandbox.store.people import person
from deploy.sandbox.store.registry import Registry
from deploy.sandbox.store.shop import DELETED_VIEW, STANDARD, VIEWS, StoreView, rates_for

_COUNTRIES = {1: "GB", 2: "GB", 3: "DE", 4: "FR", 5: "DE", 6: "US", 7: "GB", 8: "GB"}
_METHODS = ("stripe_payments",) * 5 + ("paypal_express",) * 3 + ("banktransfer", "checkmo")
_COUPONS = (*((10, "AUTUMN10"),) * 5, *((15, "FIFTEEN"),) * 3, (20, "WINTER20"), (100, "ALLFREE"))
_GUEST_VIEWS = tuple(VIEWS[number - 1] for number in (1, 1, 1, 1, 2, 3, 3, 4, 5, 6, 7, 7))


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who orders, and through which store view. `known` is the account; `was_deleted`: there was one once."""

    view: StoreView
    email: str
    person: Person
    known: Customer | None = None
    was_deleted: bool = False


class Ordering:
    """Makes orders. `commerce`: some are paid with gift cards and store credit."""

    def __init__(self, registry: Registry, chance: Chance, catalogue: Catalogue, *, commerce: bool) -> None:
        self._registry = registry
        self._chance = chance
        self._catalogue = catalogue
        self._commerce = commerce

    def place(self, customers: Sequence[Customer], moment: int, *, past: bool) -> Order:
        """A new order; only those of the past may lack their store view or their customer's account."""
        return self._place(self._buyer(customers, past=past), moment)

    def _place(self, buyer: Buyer, moment: int) -> Order:
        chance = self._chance
        country = _COUNTRIES[buyer.view.id]
        rows = fill(chance, self._catalogue.sold, country, lambda: self._registry.next_id("item"))
        percent, coupon = chance.one_of(_COUPONS) if chance.happens(0.2) else (0, "")
        virtual = all(row.is_virtual for row in rows if row.parent is None)
        website = buyer.view.website
        basket = Basket(
            website=website,
            rows=rows,
            shipping=None if virtual else website.shipping * chance.happens(0.85),
            shipping_rates=() if virtual else rates_for(country, STANDARD),
            percent_off=percent,
            shipping_off=bool(percent) and chance.happens(0.3),
            cards=self._tender(0.06),
            credit=self._tender(0.05),
        )
        return self._order(buyer, basket, coupon, moment)

    def again(self, order: Order, moment: int) -> Order:
        """The order that takes the place of one a person has edited [store 4.5]."""
        buyer = Buyer(order.view, order.email, order.billing, was_deleted=not order.is_guest)
        made = self._place(buyer, moment)
        made.number = f"{order.number}-1"
        made.method = made.method if made.method == "free" else order.method
        made.customer_id, made.first, made.last = order.customer_id, order.first, order.last
        return made

    def _order(self, buyer: Buyer, basket: Basket, coupon: str, moment: int) -> Order:
        base = collect(basket, RATE_SCALE)
        own = base if buyer.view.rate == RATE_SCALE else collect(basket, buyer.view.rate)
        guest = buyer.known is None and not buyer.was_deleted
        nameless = guest and self._chance.happens(0.3)
        made = Order(
            id=self._registry.next_id("orders"),
            number=self._registry.number("orders", buyer.view),
            view=buyer.view,
            view_deleted=buyer.view is DELETED_VIEW,
            created=moment,
            updated=moment,
            customer_id=None if buyer.known is None else buyer.known.id,
            is_guest=guest,
            email=buyer.email,
            first="" if nameless else buyer.person.first,
            last="" if nameless else buyer.person.last,
            billing=buyer.person,
            shipping=None if basket.shipping is None else buyer.person,
            rows=list(basket.rows),
            percent_off=basket.percent_off,
            coupon=coupon,
            method="free" if not own.amounts.grand_total else self._chance.one_of(_METHODS),
            own=own,
            base=base,
            shipping_rates=basket.shipping_rates,
        )
        self._registry.add("orders", made)
        return made

    def _buyer(self, customers: Sequence[Customer], *, past: bool) -> Buyer:
        chance = self._chance
        if customers and chance.happens(0.7):
            known = chance.one_of(customers)
            return Buyer(known.view, known.email, known.person, known)
        view, was_deleted = chance.one_of(_GUEST_VIEWS), False
        if past and chance.happens(0.03):
            view, was_deleted = (DELETED_VIEW, False) if chance.happens(0.3) else (view, True)
        someone = person(chance, _COUNTRIES[view.id])
        return Buyer(view, f"guest{chance.below(5000)}@mail.example", someone, was_deleted=was_deleted)

    def _tender(self, often: float) -> int:
        if not self._commerce or not self._chance.happens(often):
            return 0
        return 500 * (1 + self._chance.below(40))


def register(registry: Registry, chance: Chance, moment: int) -> Customer:
    """A new account. Now and then with an e-mail address that another website knows already [store 4.2]."""
    number = registry.next_id("customers")
    view = VIEWS[number % len(VIEWS)]
    twin = number - 1 if number % 15 == 0 else number
    made = Customer(
        id=number,
        email=f"customer{twin}@shop.example",
        person=person(chance, _COUNTRIES[view.id]),
        view=view,
        created=moment,
        updated=moment,
    )
    registry.add("customers", made)
    return made
