"""What a store has, store-neutral: one model per entity, each a full snapshot.

Validation proves that the totals of a sale add up before anything is sent, and names the field that
does not. Money moves only by `Payment`; the tenders of a sale serve validation and are never sent.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from schemas.dates import Day
from schemas.errors import wrong
from schemas.money import Cents, Currency, ExchangeRate, UnitPrice
from schemas.parts import (
    AS_TEXT,
    ZERO,
    Address,
    Adjustment,
    Buyer,
    Line,
    Method,
    Residual,
    SaleReference,
    SalesDocument,
    Tender,
    Totals,
    unequal,
)
from schemas.text import Code, Identifier, Name, Number, ShortText, Text


class Entity(StrEnum):
    """The kinds of thing a store has."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    ORDER = "order"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_MEMO = "credit_memo"


class Model(BaseModel):
    """Frozen. A field this version does not know is ignored, so that adding one is compatible."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Identified(Model):
    """What the store knows by an id of its own."""

    id: Identifier


class Customer(Identified):
    """A customer account of the store."""

    email: ShortText = ""
    first_name: ShortText = ""
    last_name: ShortText = ""
    company: ShortText = ""
    tax_number: ShortText = ""
    phone: ShortText = ""
    address: Address | None = None
    website: ShortText = ""


class ProductKind(StrEnum):
    """What a product is to the books: revenue, or a liability that is spent later."""

    GOODS = "goods"
    GIFT_CARD = "gift_card"


class Product(Identified):
    """A product of the catalogue. `price` is its net unit price, absent where the store has none."""

    sku: Annotated[Code, Field(min_length=1)]
    name: Name
    description: Text = ""
    price: UnitPrice | None = None
    tax_code: ShortText = ""
    kind: Annotated[ProductKind, AS_TEXT] = ProductKind.GOODS


class Sale(Identified):
    """What orders, invoices and credit memos share.

    `rate` is the store's: units of `currency` for one unit of the organisation's base currency, absent when
    they are the same. `date` is the accounting date in the store's time zone, used verbatim.
    """

    number: Number
    order_number: Number
    currency: Currency
    rate: ExchangeRate | None = None
    date: Day
    due_date: Day | None = None
    website: ShortText = ""
    customer: Buyer
    lines: Annotated[tuple[Line, ...], Field(max_length=2000)] = ()
    adjustments: Annotated[tuple[Adjustment, ...], Field(max_length=20)] = ()
    residual: Residual = Residual()
    tenders: Annotated[tuple[Tender, ...], Field(max_length=50)] = ()
    totals: Totals

    @model_validator(mode="after")
    def _totals_add_up(self) -> Self:
        net = tax = ZERO
        for line in self.lines:
            net += line.net
            tax += line.tax
        for adjustment in self.adjustments:
            net += adjustment.amount
        gross = self._stated(net + self.residual.net, tax + self.residual.tax)
        tendered = ZERO
        for tender in self.tenders:
            tendered += tender.amount
        if not ZERO <= tendered <= gross:
            text = f"must add up to something between 0 and totals.gross {gross}, not {tendered}"
            raise wrong("tenders", text, reason="totals")
        if not self.lines and not self.adjustments:
            raise wrong("lines", "must hold at least one line, unless there is an adjustment")
        return self

    def _stated(self, net: Decimal, tax: Decimal) -> Decimal:
        """The gross of the totals, which are what the rows come to."""
        totals, gross = self.totals, net + tax
        if totals.net != net:
            raise unequal("totals.net", totals.net, "lines + adjustments + residual", net)
        if totals.tax != tax:
            raise unequal("totals.tax", totals.tax, "lines + residual", tax)
        if totals.gross != gross:
            raise unequal("totals.gross", totals.gross, "net + tax", gross)
        if gross < ZERO:
            raise wrong("totals.gross", f"must not be negative, but is {totals.gross}")
        return totals.gross


class Order(Sale):
    """A sale as ordered. Becomes the Xero invoice only where `sales_document = order`."""

    cancelled: StrictBool = False


class Invoice(Sale):
    """A sale as invoiced, wholly or in part."""

    order_id: Identifier
    cancelled: StrictBool = False


class CreditMemo(Sale):
    """A refund. All amounts positive; gross less its tenders is set against the sale's invoice, unless it `stays_open`.

    It stays open, as the customer's credit, where what it refunds is paid: what else of the sale is due, others pay.
    """

    sale: SaleReference
    stays_open: StrictBool = False
    cancelled: StrictBool = False


class Payment(Identified):
    """Money that moved: one per tender and capture. `out` is a refund and names its credit memo.

    `credit_memo_date` is the credit memo's accounting date, absent when it is that of the payment.
    """

    direction: Literal["in", "out"]
    sale: SaleReference
    credit_memo_id: Identifier | None = None
    credit_memo_date: Day | None = None
    method: Method
    amount: Cents
    currency: Currency
    rate: ExchangeRate | None = None
    date: Day
    transaction_id: ShortText = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.amount <= 0:
            raise wrong("amount", f"must be above 0, not {self.amount}; a refund has direction 'out'")
        if self.direction == "out" and self.credit_memo_id is None:
            raise wrong("credit_memo_id", "is required when direction is 'out'")
        return self

    def booked_on(self, sales_document: SalesDocument) -> Day:
        """The accounting date of what it settles, which decides whether it is booked: of the sale or credit memo."""
        if self.direction == "in":
            return self.sale.booked_on(sales_document)
        return self.credit_memo_date or self.date


class Removed(Identified):
    """The entity is gone from the store."""


Snapshot = Customer | Product | Order | Invoice | Payment | CreditMemo

SNAPSHOTS: dict[Entity, type[Snapshot]] = {
    Entity.CUSTOMER: Customer,
    Entity.PRODUCT: Product,
    Entity.ORDER: Order,
    Entity.INVOICE: Invoice,
    Entity.PAYMENT: Payment,
    Entity.CREDIT_MEMO: CreditMemo,
}
