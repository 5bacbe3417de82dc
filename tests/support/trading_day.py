"""A store's trading day as events, with the store's own sums beside them, and a few messages that must be parked."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from deploy.demo import sales
from deploy.demo.spoiled import Bad, spoiled
from schemas.codec import encode_event
from schemas.entities import CreditMemo, Entity, Invoice, Order, Payment, Snapshot
from schemas.envelope import Change, Event
from tests.support.made_up_sales import buyer, customer_accounts, refund

METHODS = ("stripe", "stripe", "stripe", "paypal", "paypal", "banktransfer")
_MORNING = dt.datetime(2026, 11, 20, 8, 0, tzinfo=dt.UTC)
_GUESTS = 0.15
_UNPAID_EVERY = 25


@dataclass(slots=True)
class Day:
    """Everything the store published, and what must be in Xero in the evening."""

    store: str = "shop"
    events: list[Event] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    contacts: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    credit_memos: dict[str, CreditMemo] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    allocated: dict[str, Decimal] = field(default_factory=dict)

    def entities(self) -> dict[str, int]:
        """Events by entity."""
        return dict(Counter(str(event.entity) for event in self.events))


def trading_day(
    organisation: str, *, customers: int, products: int, orders: int, seed: int, store: str = "shop"
) -> Day:
    """Make a day. The same seed makes the same day."""
    chance = random.Random(seed)
    maker = _Maker(organisation, Day(store=store), chance)
    people = customer_accounts(chance, customers)
    catalogue = sales.products(chance, products)
    for person in people:
        maker.day.contacts.add(person.id)
        maker.publish(Entity.CUSTOMER, person)
    for item in catalogue:
        maker.day.items.add(item.product.sku)
        maker.publish(Entity.PRODUCT, item.product)
    for number in range(1, orders + 1):
        is_guest = chance.random() < _GUESTS
        who = sales.guest(chance, number) if is_guest else buyer(chance.choice(people))
        method = "" if number % _UNPAID_EVERY == 0 else chance.choice(METHODS)
        maker.sale(sales.invoice(chance, number, who, catalogue, method))
    maker.refunds()
    maker.spoil()
    maker.shuffle()
    return maker.day


class _Maker:
    def __init__(self, organisation: str, day: Day, chance: random.Random) -> None:
        self.day = day
        self._organisation = organisation
        self._chance = chance
        self._at = _MORNING
        self._ids = random.Random(chance.random())

    def publish(self, entity: Entity, data: Snapshot) -> Event:
        self._at += dt.timedelta(seconds=self._chance.randint(1, 20))
        event = Event(
            id=str(uuid.UUID(int=self._ids.getrandbits(128), version=4)),
            source=self.day.store,
            organisation=self._organisation,
            entity=entity,
            change=Change.CHANGED,
            subject=data.id,
            time=self._at,
            version=self._at,
            data=data,
        )
        self.day.events.append(event)
        return event

    def sale(self, invoice: Invoice) -> None:
        if invoice.customer.id is None:
            self.day.contacts.add(invoice.customer.email)
        self.publish(Entity.ORDER, _order(invoice))
        self.publish(Entity.INVOICE, invoice)
        self.day.invoices[invoice.number] = invoice
        for part, tender in enumerate(invoice.tenders, start=1):
            self._pay(invoice, f"{invoice.id}-{part}", tender.method, tender.amount, None)

    def refunds(self) -> None:
        """Twenty refunds of paid sales, two in five of them whole, and three of sales nobody has paid."""
        paid = [i for i in self.day.invoices.values() if i.tenders]
        open_ones = [i for i in self.day.invoices.values() if not i.tenders and i.totals.gross > 0]
        chosen = self._chance.sample(paid, min(20, len(paid)))
        for number, sale in enumerate(chosen):
            memo = refund(sale, number, whole=number % 5 < 2, paid=True)
            self._credit(memo)
            for tender in memo.tenders:
                self._pay(sale, f"{memo.id}-refund", tender.method, tender.amount, memo)
        for number, sale in enumerate(open_ones[:3], start=100):
            memo = refund(sale, number, whole=True, paid=False)
            self._credit(memo)
            self.day.allocated[memo.number] = memo.totals.gross

    def spoil(self) -> None:
        """Messages that must not reach Xero."""
        sale = next(iter(self.day.invoices.values()))
        self.day.bad += spoiled(sale, self._event)

    def shuffle(self) -> None:
        """Out of order, as brokers and stores deliver: one event in ten late, one in twenty twice."""
        events = list(self.day.events)
        for _ in range(len(events) // 10):
            one, other = self._chance.randrange(len(events)), self._chance.randrange(len(events))
            events[one], events[other] = events[other], events[one]
        events += self._chance.sample(events, len(events) // 20)
        self.day.events = events

    def _event(self, entity: Entity, data: Snapshot) -> Event:
        event = self.publish(entity, data)
        self.day.events.remove(event)
        return event

    def _credit(self, memo: CreditMemo) -> None:
        self.publish(Entity.CREDIT_MEMO, memo)
        self.day.credit_memos[memo.number] = memo

    def _pay(self, sale: Invoice, payment_id: str, method: str, amount: Decimal, memo: CreditMemo | None) -> None:
        payment = Payment(
            id=payment_id,
            direction="in" if memo is None else "out",
            sale=sales.reference(sale),
            credit_memo_id=None if memo is None else memo.id,
            method=method,
            amount=amount,
            currency=sale.currency,
            date=sales.TODAY,
            transaction_id=f"txn_{payment_id}",
        )
        self.publish(Entity.PAYMENT, payment)
        self.day.payments[payment_id] = payment


def _order(invoice: Invoice) -> Order:
    fields = {name: getattr(invoice, name) for name in Order.model_fields if name in Invoice.model_fields}
    fields |= {"id": invoice.order_id, "number": invoice.order_number}
    return Order(**fields)


def bodies(day: Day) -> Iterator[tuple[Entity, str, bytes]]:
    """Every message of the day: entity, message id, bytes; the bad ones spread among the others."""
    given = 0
    for number, event in enumerate(day.events, start=1):
        yield event.entity, event.id, encode_event(event)
        due = len(day.bad) * number // len(day.events)
        for nth in range(given, due):
            yield day.bad[nth].entity, f"bad-{nth}", day.bad[nth].body
        given = due
