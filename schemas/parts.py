"""What the snapshots of a store are made of: addresses, buyers, lines, sums."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.dates import Day
from schemas.errors import wrong
from schemas.money import Cents, Quantity, Rate
from schemas.part import Part
from schemas.text import Code, Identifier, Name, Number, ShortText

ZERO = Decimal(0)
Method = Annotated[Code, Field(min_length=1)]
SalesDocument = Literal["invoice", "order"]
"""Which of a sale's two documents is booked."""

# without it pydantic asks each member for its `value`, which enum computes in Python
AS_TEXT = PlainSerializer(str.__str__, return_type=str, when_used="json")


class Address(Part, frozen=True, kw_only=True):
    """A postal address as the store has it."""

    lines: Annotated[tuple[ShortText, ...], Field(max_length=4)] = ()
    city: ShortText = ""
    region: ShortText = ""
    postal_code: ShortText = ""
    country: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""


class Buyer(Part, frozen=True, kw_only=True):
    """The customer as a sale recorded them. `id` is absent for a guest."""

    id: Identifier | None = None
    email: ShortText = ""
    name: Name
    company: ShortText = ""
    tax_number: ShortText = ""
    phone: ShortText = ""
    address: Address | None = None


class LineKind(StrEnum):
    """Which configured account a line belongs to."""

    GOODS = "goods"
    SHIPPING = "shipping"
    FEE = "fee"
    DISCOUNT = "discount"
    GIFT_CARD = "gift_card"


class Line(Part, frozen=True, kw_only=True):
    """One row of a sale. `net`, `tax` and `gross` are of the whole row, after `discount`.

    `discount` (net, not negative) is already taken off, and booked only where the tax needs it: if `net` is too little
    for it and `net + discount` is not, that is booked, and the discount as its own line. `tax_rate` is in per cent.
    """

    sku: Code = ""
    name: Name
    kind: Annotated[LineKind, AS_TEXT] = LineKind.GOODS
    quantity: Quantity = Decimal(1)
    net: Cents
    tax: Cents = ZERO
    gross: Cents
    discount: Cents = ZERO
    tax_code: ShortText = ""
    tax_rate: Rate | None = None

    def check(self) -> None:
        """The row's own sum, and the signs."""
        gross, computed = self.gross, self.net + self.tax
        if gross != computed:
            raise unequal("gross", gross, "net + tax", computed)
        if self.quantity <= ZERO:
            raise wrong("quantity", f"must be above 0, not {self.quantity}")
        if self.discount < ZERO:
            raise wrong("discount", f"must not be negative, but is {self.discount}; it is already taken off net")


class Adjustment(Part, frozen=True, kw_only=True):
    """Money a refund adds (above 0) or keeps back (below 0) beyond its rows. Carries no tax."""

    name: Name
    amount: Cents


class Residual(Part, frozen=True, kw_only=True):
    """What the store's totals hold beyond its rows and adjustments: cents of rounding, or a fee unknown to us."""

    net: Cents = ZERO
    tax: Cents = ZERO


class Tender(Part, frozen=True, kw_only=True):
    """How a sale was, or will be, paid; of a credit memo: how money went back. Never sent, only checked."""

    method: Method
    amount: Cents


class Totals(Part, frozen=True, kw_only=True):
    """The store's own sums, in the sale's currency."""

    net: Cents
    tax: Cents
    gross: Cents


class SaleReference(Part, frozen=True, kw_only=True):
    """Which sale a payment or credit memo belongs to.

    `date` is the accounting date of its invoice, without an invoice of its order. `order_date` is the order's, absent
    when it is the same.
    """

    order_id: Identifier
    order_number: Number
    invoice_id: Identifier | None = None
    invoice_number: Number | None = None
    date: Day
    order_date: Day | None = None

    def booked_on(self, sales_document: SalesDocument) -> Day:
        """The accounting date of that document of the sale which is booked."""
        return (self.order_date or self.date) if sales_document == "order" else self.date


def unequal(field: str, stated: Decimal, rule: str, computed: Decimal) -> PydanticCustomError:
    """What a validator raises about a sum that is not what `rule` computes."""
    return wrong(field, f"is {stated}, but {rule} is {computed}", reason="totals")
