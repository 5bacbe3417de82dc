"""What a store has, store-neutral: one model per entity, each a full snapshot.

Validation proves that the totals of a sale add up before anything is sent, and names the field that
does not. Money moves only by `Payment`; the tenders of a sale serve validation and are never sent.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.dates import Day
from schemas.errors import wrong
from schemas.money import Cents, Currency, ExchangeRate, Quantity, Rate, UnitPrice
from schemas.text import Code, Identifier, Name, Number, ShortText, Text

ZERO = Decimal(0)
Method = Annotated[Code, Field(min_length=1)]


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


# without it pydantic asks each member for its `value`, which enum computes in Python
_AS_TEXT = PlainSerializer(str.__str__, return_type=str, when_used="json")


class Address(Model):
    """A postal address as the store has it."""

    lines: Annotated[tuple[ShortText, ...], Field(max_length=4)] = ()
    city: ShortText = ""
    region: ShortText = ""
    postal_code: ShortText = ""
    country: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""


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


class Buyer(Model):
    """The customer as a sale recorded them. `id` is absent for a guest."""

    id: Identifier | None = None
    email: ShortText = ""
    name: Name
    company: ShortText = ""
    tax_number: ShortText = ""
    phone: ShortText = ""
    address: Address | None = None


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
    kind: Annotated[ProductKind, _AS_TEXT] = ProductKind.GOODS


class LineKind(StrEnum):
    """Which configured account a line belongs to."""

    GOODS = "goods"
    SHIPPING = "shipping"
    FEE = "fee"
    DISCOUNT = "discount"
    GIFT_CARD = "gift_card"


class Line(Model):
    """One row of a sale. `net`, `tax` and `gross` are of the whole row, after `discount`.

    `discount` (net, not negative) is information: it is already taken off. `tax_rate` is in per cent.
    """

    sku: Code = ""
    name: Name
    kind: Annotated[LineKind, _AS_TEXT] = LineKind.GOODS
    quantity: Quantity = Decimal(1)
    net: Cents
    tax: Cents = ZERO
    gross: Cents
    discount: Cents = ZERO
    tax_code: ShortText = ""
    tax_rate: Rate | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        gross, computed = self.gross, self.net + self.tax
        if gross != computed:
            raise _unequal("gross", gross, "net + tax", computed)
        if self.quantity <= ZERO:
            raise wrong("quantity", f"must be above 0, not {self.quantity}")
        if self.discount < ZERO:
            raise wrong("discount", f"must not be negative, but is {self.discount}; it is already taken off net")
        return self


class Adjustment(Model):
    """Money a refund adds (above 0) or keeps back (below 0) beyond its rows. Carries no tax."""

    name: Name
    amount: Cents


class Residual(Model):
    """What the store's totals hold beyond its rows and adjustments: cents of rounding, or a fee unknown to us."""

    net: Cents = ZERO
    tax: Cents = ZERO


class Tender(Model):
    """How a sale was, or will be, paid; of a credit memo: how money went back. Never sent, only checked."""

    method: Method
    amount: Cents


class Totals(Model):
    """The store's own sums, in the sale's currency."""

    net: Cents
    tax: Cents
    gross: Cents


class SaleReference(Model):
    """Which sale a payment or credit memo belongs to. `date` is the sale's accounting date."""

    order_id: Identifier
    order_number: Number
    invoice_id: Identifier | None = None
    invoice_number: Number | None = None
    date: Day


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
            raise _unequal("totals.net", totals.net, "lines + adjustments + residual", net)
        if totals.tax != tax:
            raise _unequal("totals.tax", totals.tax, "lines + residual", tax)
        if totals.gross != gross:
            raise _unequal("totals.gross", totals.gross, "net + tax", gross)
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
    """A refund. All amounts positive; gross less its tenders is set against the sale's invoice."""

    sale: SaleReference
    cancelled: StrictBool = False


class Payment(Identified):
    """Money that moved: one per tender and capture. `out` is a refund and names its credit memo."""

    direction: Literal["in", "out"]
    sale: SaleReference
    credit_memo_id: Identifier | None = None
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


def _unequal(field: str, stated: Decimal, rule: str, computed: Decimal) -> PydanticCustomError:
    return wrong(field, f"is {stated}, but {rule} is {computed}", reason="totals")
