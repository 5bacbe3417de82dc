"""What the store holds, as its own software knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from deploy.sandbox.store.amounts import DocumentSide, Side
from deploy.sandbox.store.shop import StoreView
from deploy.sandbox.store.tax import Rate

OPEN, PAID, CANCELLED = 1, 2, 3  # states of an invoice
REFUNDED = 2  # state of a credit memo, which is open before, or cancelled instead
UNDECIDED = frozenset({"pending_payment", "payment_review", "holded"})  # states of an order that may come to nothing

ProductType = Literal["simple", "virtual", "downloadable", "configurable", "grouped", "bundle", "giftcard"]
WITHOUT_DELIVERY = frozenset({"virtual", "downloadable", "giftcard"})


@dataclass(frozen=True, slots=True)
class Person:
    """A name and an address. Names may be empty."""

    first: str
    last: str
    company: str
    vat_id: str
    street: tuple[str, ...]
    city: str
    region: str
    postcode: str
    country: str
    telephone: str


@dataclass(slots=True)
class Customer:
    """An account; its e-mail address is unique within a website only."""

    id: int
    email: str
    person: Person
    view: StoreView
    created: int
    updated: int


@dataclass(slots=True)
class Product:
    """A product. `price` in the currency of whichever website sells it; `dynamic` bundles have those of their parts."""

    id: int
    sku: str
    name: str
    type: ProductType
    price: int
    tax_class: int
    created: int
    updated: int
    parts: tuple[Product, ...] = ()
    dynamic: bool = False
    fpt: int = 0
    by_measure: bool = False
    enabled: bool = True


@dataclass(slots=True)
class OrderRow:
    """One row of an order. `money` tells rows that are charged from those that only accompany them.

    `unit_price` is the catalogue's, in the website's currency. `invoiced`, `refunded`, `cancelled` are quantities.
    """

    item_id: int
    product: Product
    type: str
    sku: str
    name: str
    quantity: int
    money: bool
    rates: tuple[Rate, ...]
    unit_price: int
    parent: OrderRow | None = None
    fpt: int = 0
    invoiced: int = 0
    refunded: int = 0
    cancelled: int = 0

    @property
    def is_virtual(self) -> bool:
        """Whether nothing has to be sent."""
        return self.product.type in WITHOUT_DELIVERY


@dataclass(slots=True)
class Order:
    """An order. `own` is in the order's currency, `base` in the website's: one object where both are the same."""

    id: int
    number: str
    view: StoreView
    view_deleted: bool
    created: int
    updated: int
    customer_id: int | None
    is_guest: bool
    email: str
    first: str
    last: str
    billing: Person
    shipping: Person | None
    rows: list[OrderRow]
    percent_off: int
    coupon: str
    method: str
    own: Side
    base: Side
    shipping_rates: tuple[Rate, ...] = ()
    state: str = "new"
    status: str = "pending"
    last_transaction: str = ""
    invoices: list[Invoice] = field(default_factory=list)
    memos: list[Memo] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    edit_of: Order | None = None
    edited_by: Order | None = None
    held_from: tuple[str, str] | None = None
    histories: int = 0

    @property
    def is_virtual(self) -> bool:
        """Whether nothing has to be sent."""
        return self.shipping is None

    @property
    def refunds(self) -> list[Memo]:
        """Its credit memos, those that are open among them, without the cancelled ones."""
        return [memo for memo in self.memos if memo.state != CANCELLED]


@dataclass(slots=True)
class Invoice:
    """An invoice. `lines` of a side are those of the order's rows that it bills; `quantities` in the same order."""

    id: int
    number: str
    order: Order
    created: int
    updated: int
    quantities: tuple[int, ...]
    own: DocumentSide
    base: DocumentSide
    state: int = PAID
    transaction: str = ""
    item_id: int = 0


@dataclass(slots=True)
class Memo:
    """A credit memo. `invoice` is known for refunds that went through the gateway."""

    id: int
    number: str
    order: Order
    created: int
    updated: int
    quantities: tuple[int, ...]
    own: DocumentSide
    base: DocumentSide
    invoice: Invoice | None = None
    transaction: str = ""
    item_id: int = 0
    state: int = REFUNDED


@dataclass(slots=True)
class Transaction:
    """What the gateway was told. Has no amount [store 4.6]."""

    id: int
    order: Order
    code: str
    kind: str
    created: int
    parent: Transaction | None = None
    closed: bool = False
