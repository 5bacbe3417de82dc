"""Events of a shop, cheap enough for hundreds of thousands: real ones are encoded once and then stamped."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial

from deploy.demo import sales
from schemas.codec import encode_event
from schemas.dates import rfc3339
from schemas.entities import CreditMemo, Customer, Entity, Invoice, Order, Payment, Product, Snapshot
from schemas.envelope import Change, Event, Lane
from schemas.parts import Address
from schemas.topology import event_key
from tests.benchmarks.simulation.broker import Message
from tests.benchmarks.simulation.virtual import MIDNIGHT
from tests.support.made_up_sales import buyer, refund
from worker.documents.documents import Kind

STORE = "shop"
SHAPES = 8
_PERSON, _SALE, _STAMP = "7777771", "7777772", "7777773"
_ORG = "orgorgorg"
_TIME = dt.datetime(2001, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
_TIME_TEXT = rfc3339(_TIME).encode()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message and when it is published; `wanted` is the document that has to be in Xero because of it.

    `total` is what that document has to come to, where it has a sum.
    """

    at: float
    lane: Lane
    message: Message
    wanted: tuple[Kind, str] | None
    total: Decimal | None = None


class Shop:
    """Makes the arrivals of one organisation. Sales and customers are numbered; equal numbers are equal entities."""

    def __init__(self, org: str, lanes: dict[Entity, Lane]) -> None:
        self._org = org
        self._lanes = lanes

    def customer(self, person: int, at: float, lane: Lane | None = None) -> Arrival:
        wanted = (Kind.CONTACT, f"{STORE}:{1_000_000 + person}")
        return self._arrival(Entity.CUSTOMER, person, 0, at, lane, wanted)

    def product(self, number: int, at: float, lane: Lane | None = None) -> Arrival:
        return self._arrival(Entity.PRODUCT, 0, number, at, lane, (Kind.ITEM, f"SKU-{1_000_000 + number}"))

    def order(self, sale: int, person: int, at: float) -> Arrival:
        return self._arrival(Entity.ORDER, person, sale, at, None, None)

    def invoice(self, sale: int, person: int, at: float, lane: Lane | None = None) -> Arrival:
        wanted = (Kind.INVOICE, f"I-{STORE}-{1_000_000 + sale}")
        return self._arrival(Entity.INVOICE, person, sale, at, lane, wanted)

    def payment(self, sale: int, person: int, at: float, lane: Lane | None = None) -> Arrival:
        wanted = (Kind.PAYMENT, f"P-{STORE}-{1_000_000 + sale}-1")
        return self._arrival(Entity.PAYMENT, person, sale, at, lane, wanted)

    def refund(
        self, sale: int, person: int, at: float, lane: Lane | None = None, *, paid: bool = True
    ) -> list[Arrival]:
        """A credit memo of a whole sale; paid back, or set against the invoice."""
        wanted = (Kind.CREDIT_NOTE, f"C-{STORE}-{1_000_000 + sale}")
        name = "refund" if paid else "allocated"
        memo = self._arrival(Entity.CREDIT_MEMO, person, sale, at, lane, wanted, name)
        if not paid:
            return [memo]
        back = (Kind.PAYMENT, f"P-{STORE}-{1_000_000 + sale}-refund")
        return [memo, self._arrival(Entity.PAYMENT, person, sale, at, lane, back, "refund")]

    def _arrival(
        self,
        entity: Entity,
        person: int,
        sale: int,
        at: float,
        lane: Lane | None,
        wanted: tuple[Kind, str] | None,
        name: str = "plain",
    ) -> Arrival:
        lane = lane or self._lanes[entity]
        event_id = f"{entity}-{name}-{person}-{sale}-{at:.3f}"
        make = partial(_render, entity, name, self._org, person, sale, at, event_id)
        message = Message(event_key(self._org, lane, entity), event_id, make)
        return Arrival(at, lane, message, wanted, _total(entity, name, sale % SHAPES))


def _render(entity: Entity, name: str, org: str, person: int, sale: int, at: float, event_id: str) -> bytes:
    body = _template(entity, name, sale % SHAPES)
    time = rfc3339(MIDNIGHT + dt.timedelta(seconds=at)).encode()
    body = body.replace(_PERSON.encode(), b"%d" % (1_000_000 + person)).replace(_TIME_TEXT, time)
    body = body.replace(_SALE.encode(), b"%d" % (1_000_000 + sale)).replace(_ORG.encode(), org.encode())
    return body.replace(_STAMP.encode(), event_id.encode())


@cache
def _template(entity: Entity, name: str, shape: int) -> bytes:
    data = _SNAPSHOTS[entity](name, shape)
    event = Event(
        id=_STAMP,
        source=STORE,
        organisation=_ORG,
        entity=entity,
        change=Change.CHANGED,
        subject=data.id,
        time=_TIME,
        version=_TIME,
        data=data,
    )
    return encode_event(event)


@cache
def _total(entity: Entity, name: str, shape: int) -> Decimal | None:
    data = _SNAPSHOTS[entity](name, shape)
    if isinstance(data, Payment):
        return data.amount
    return data.totals.gross if isinstance(data, Invoice | CreditMemo) else None


def _customer(_name: str, _shape: int) -> Customer:
    address = Address(lines=("1 High Street",), city="Leeds", postal_code="LS1 4AB", country="GB")
    email = f"{_PERSON}@shop.example"
    return Customer(id=_PERSON, email=email, first_name="Ada", last_name=f"Number {_PERSON}", address=address)


def _product(_name: str, _shape: int) -> Product:
    return Product(id=_SALE, sku=f"SKU-{_SALE}", name=f"Jumper {_SALE}", price=Decimal("19.99"), tax_code="GB-VAT-20")


def _order(_name: str, shape: int) -> Order:
    sale = _sale(shape)
    return Order(**{field: getattr(sale, field) for field in Order.model_fields if field in Invoice.model_fields})


def _invoice(_name: str, shape: int) -> Invoice:
    return _sale(shape)


def _payment(name: str, shape: int) -> Payment:
    sale, back = _sale(shape), name == "refund"
    return Payment(
        id=f"{_SALE}-{'refund' if back else 1}",
        direction="out" if back else "in",
        sale=sales.reference(sale),
        credit_memo_id=_SALE if back else None,
        method="stripe",
        amount=sale.totals.gross,
        currency="GBP",
        date=sales.TODAY,
    )


def _credit_memo(name: str, shape: int) -> CreditMemo:
    memo = refund(_sale(shape), 0, whole=True, paid=name == "refund")
    return memo.model_copy(update={"id": _SALE, "number": _SALE})


_SNAPSHOTS: dict[Entity, Callable[[str, int], Snapshot]] = {
    Entity.CUSTOMER: _customer,
    Entity.PRODUCT: _product,
    Entity.ORDER: _order,
    Entity.INVOICE: _invoice,
    Entity.PAYMENT: _payment,
    Entity.CREDIT_MEMO: _credit_memo,
}


@cache
def _sale(shape: int) -> Invoice:
    chance = random.Random(shape)
    person = _customer("plain", 0)
    catalogue = sales.products(chance, 20)
    made = (sales.invoice(chance, 1, buyer(person), catalogue, "stripe") for _ in range(100))
    lean = next(sale for sale in made if len(sale.lines) <= 3)
    numbers = {"id": _SALE, "number": _SALE, "order_id": _SALE, "order_number": _SALE}
    return lean.model_copy(update=numbers)


def spread(chance: random.Random, count: int, *, opens_h: float = 6.0, closes_h: float = 22.5) -> Iterator[float]:
    """Times of day of `count` orders, in order: a shop's day, with more in the afternoon and evening."""
    span = closes_h - opens_h
    yield from sorted(3600 * (opens_h + span * chance.betavariate(1.8, 1.4)) for _ in range(count))
