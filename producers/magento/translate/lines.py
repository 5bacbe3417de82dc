"""The rows of orders, invoices and credit memos as lines, each with its own net, tax and gross. Pure.

An order's `row_total` is never read: over REST Magento rewrites it, differently by version. Its `row_total_incl_tax`
is the row after discount. Invoices and credit memos show the database's figures: `row_total` is net before discount.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from producers.magento.translate.discounts import taxed_before_discount
from producers.magento.translate.fixed_taxes import fixed_taxes
from producers.magento.translate.fractions import Fractions
from producers.magento.translate.items import counting, fixed_tax, line_kind
from producers.magento.translate.taxes import AppliedTax, Taxes
from producers.magento.translate.values import Raw, amount, cents, extension, number, rows, text
from schemas.part import changed, unchecked
from schemas.parts import ZERO, Line, LineKind
from schemas.text import one_line

_ONE = Decimal(1)
_QUANTITY = Decimal("0.0001")
_SKU = 64
_NAME = 255
_LARGE = Decimal(10**9)
_WRAPPINGS = (
    ("gw_price", "gw_tax_amount", "quote_gw", "Gift wrapping of the order"),
    ("gw_items_price", "gw_items_tax_amount", "item_gw", "Gift wrapping of items"),
    ("gw_card_price", "gw_card_tax_amount", "printed_card_gw", "Printed card"),
)


@dataclass(frozen=True, slots=True)
class _Document:
    """What the lines of one document share."""

    taxes: Taxes
    fractions: Fractions
    before_discount: bool

    @classmethod
    def of(cls, order: Raw) -> _Document:
        """One of this order, or the order itself."""
        taxes = Taxes(order)
        return cls(taxes, Fractions(), taxed_before_discount(order, taxes))

    def rounded(self, kind: LineKind, net: Decimal, tax: Decimal, applied: AppliedTax) -> tuple[Decimal, Decimal]:
        """Net and tax in cents, so that those of an account, and of a tax, add up to what they are together."""
        return self.fractions.cents(net, kind), self.fractions.cents(tax, applied)


def order_lines(order: Raw) -> list[Line]:
    """Items, fixed product taxes, shipping, gift wrapping and fees of an order."""
    of = _Document.of(order)
    lines: list[Line] = []
    for item in counting(order).values():
        _, weee, weee_tax = fixed_tax(item)
        tax = amount(item, "tax_amount")
        net = amount(item, "row_total_incl_tax") - weee - tax
        lines += _goods(item, item, amount(item, "qty_ordered"), net, tax, of)
        lines += _fixed_taxes(item, weee, weee_tax, of)
    discount = amount(order, "shipping_discount_amount")
    compensation = amount(order, "shipping_discount_tax_compensation_amount")
    lines += _shipping(order, order, discount - compensation, of)
    lines += _wrappings(order, of)
    return lines + custom_fees(order)


def document_lines(document: Raw, order: Raw, *, compensation_holds_shipping: bool) -> list[Line]:
    """The lines of an invoice or credit memo. A credit memo's header compensation holds that of shipping as well."""
    of = _Document.of(order)
    counted = counting(order)
    unimportant = {number(item.get("item_id")) for item in rows(order, "items")} - counted.keys()
    lines: list[Line] = []
    discounted = compensated = ZERO
    shares = fixed_taxes(document, counted, _other_tax(document, unimportant))
    for row, share in zip(rows(document, "items"), shares, strict=True):
        item_id = number(row.get("order_item_id"))
        discounted += amount(row, "discount_amount")
        compensated += amount(row, "discount_tax_compensation_amount")
        if item_id in unimportant:
            continue
        item = counted.get(item_id or 0, {})
        net = amount(row, "row_total") - _net_discount(row)
        lines += _goods(row, item, amount(row, "qty"), net, amount(row, "tax_amount"), of)
        lines += _fixed_taxes(item, share.net, share.tax, of)
    discount = _shipping_discount(document, order, -amount(document, "discount_amount") - discounted)
    beyond = amount(document, "discount_tax_compensation_amount") - compensated if compensation_holds_shipping else None
    compensation = _shipping_compensation(document, order, discount, beyond)
    lines += _shipping(document, order, discount - compensation, of)
    lines += _wrappings(document, of)
    return lines


def custom_fees(order: Raw) -> list[Line]:
    """Fees of the Admin UI SDK (2.4.9). REST says them of the order only."""
    fees = rows(extension(order), "custom_fees")
    return [
        _line(text(fee, "custom_fee_label") or "Fee", LineKind.FEE, amount(fee, "custom_fee_amount"), ZERO)
        for fee in fees
        if amount(fee, "custom_fee_amount")
    ]


def _other_tax(document: Raw, unimportant: set[int | None]) -> Decimal:
    """The tax of all rows, shipping and gift wrapping."""
    of_rows = (row for row in rows(document, "items") if number(row.get("order_item_id")) not in unimportant)
    beside = amount(document, "shipping_tax_amount") + sum(
        (amount(extension(document), tax) for _, tax, _, _ in _WRAPPINGS), ZERO
    )
    return sum((amount(row, "tax_amount") for row in of_rows), beside)


def _goods(row: Raw, item: Raw, quantity: Decimal, net: Decimal, tax: Decimal, of: _Document) -> Iterator[Line]:
    if not quantity and not net and not tax:
        return
    sku = text(row, "sku", _SKU) or text(item, "sku", _SKU)
    name = text(row, "name") or text(item, "name") or sku or "Item"
    applied, discount = of.taxes.of_item(item, tax), _net_discount(row)
    kind = line_kind(item)
    net, tax = of.rounded(kind, net, tax, applied)
    line = _line(name, kind, net, tax, applied, sku=sku, quantity=quantity, discount=discount)
    yield from _taxed_rows(line, of)


def _net_discount(row: Raw) -> Decimal:
    return amount(row, "discount_amount") - amount(row, "discount_tax_compensation_amount")


def _fixed_taxes(item: Raw, net: Decimal, tax: Decimal, of: _Document) -> Iterator[Line]:
    if net:
        title, _, _ = fixed_tax(item)
        sku = text(item, "sku", _SKU)
        applied = of.taxes.of_charge("weee", tax, number(item.get("item_id")))
        yield _line(one_line(f"{title} ({sku})" if sku else title), LineKind.FEE, net, tax, applied)


def _shipping_discount(document: Raw, order: Raw, found: Decimal) -> Decimal:
    """What the header's discount holds beyond its rows', unless it is a cent of rounding."""
    most = amount(order, "shipping_discount_amount") if amount(document, "shipping_amount") else ZERO
    return max(min(found, most), ZERO)


def _shipping_compensation(document: Raw, order: Raw, discount: Decimal, beyond: Decimal | None) -> Decimal:
    """Where the header's holds that of shipping, what is `beyond` its rows'; without a discount, a cent of rounding.

    An invoice in the place of a cancelled one has it though it has no discount: Magento gives that once.
    """
    if beyond is None:
        return amount(document, "shipping_discount_tax_compensation_amount")
    return max(beyond, ZERO) if discount or _is_given_back_alone(document, order, beyond) else ZERO


def _is_given_back_alone(memo: Raw, order: Raw, beyond: Decimal) -> bool:
    """Whether it is of shipping that was free and is kept.

    In older versions of 2.4 the last credit memo has all that is left of the order's compensation, unless some shipping
    is kept. Magento sees that by the shipping's tax alone, of which the discount left none here.
    """
    kept_free = not amount(memo, "shipping_amount") and not amount(order, "shipping_tax_amount")
    most = amount(order, "shipping_discount_tax_compensation_amount")
    return kept_free and ZERO < cents(beyond) <= cents(most)


def _shipping(document: Raw, order: Raw, net_discount: Decimal, of: _Document) -> Iterator[Line]:
    full, tax = amount(document, "shipping_amount"), amount(document, "shipping_tax_amount")
    if full or tax or net_discount < 0:  # a discount of shipping that it has not is not in its total
        name = text(order, "shipping_description") or "Shipping"
        applied = of.taxes.of_charge("shipping", tax)
        net, tax = of.rounded(LineKind.SHIPPING, full - net_discount, tax, applied)
        line = _line(name, LineKind.SHIPPING, net, tax, applied, discount=net_discount)
        yield from _taxed_rows(line, of)


def _wrappings(document: Raw, of: _Document) -> Iterator[Line]:
    found = extension(document)
    for price, tax_name, kind, name in _WRAPPINGS:
        if amount(found, price):
            tax = amount(found, tax_name)
            applied = of.taxes.of_charge(kind, tax)
            yield _line(name, LineKind.FEE, *of.rounded(LineKind.FEE, amount(found, price), tax, applied), applied)


def _taxed_rows(line: Line, of: _Document) -> Iterator[Line]:
    """The line; or, where the store taxes the price before the discount, the row in full and an untaxed discount."""
    if not (of.before_discount and line.discount and line.tax_rate and line.tax):
        yield line
        return
    full = line.net + line.discount
    yield changed(line, net=full, gross=full + line.tax, discount=ZERO)
    yield _line(one_line(f"Discount: {line.name}"), LineKind.DISCOUNT, -line.discount, ZERO, sku=line.sku)


def _line(
    name: str,
    kind: LineKind,
    net: Decimal,
    tax: Decimal,
    applied: AppliedTax = AppliedTax(),  # noqa: B008 - a frozen value
    *,
    sku: str = "",
    quantity: Decimal = _ONE,
    discount: Decimal = ZERO,
) -> Line:
    net, tax = cents(net), cents(tax)
    fields: dict[str, Any] = {
        "sku": sku,
        "name": name,
        "kind": kind,
        "quantity": quantity.quantize(_QUANTITY, ROUND_HALF_UP).normalize() + ZERO if quantity > 0 else _ONE,
        "net": net,
        "tax": tax,
        "gross": net + tax,
        "discount": max(cents(discount), ZERO),
        "tax_code": applied.code,
        "tax_rate": applied.rate,
    }
    line = unchecked(Line, fields)
    return line if _is_usual(line) else Line(**fields)


def _is_usual(line: Line) -> bool:
    """Whether the line is valid for sure: what else a line has to keep to, it is made to keep to."""
    return (
        -_LARGE < line.net < _LARGE
        and -_LARGE < line.tax < _LARGE
        and line.discount < _LARGE
        and ZERO < line.quantity < _LARGE
        and (line.tax_rate is None or ZERO <= line.tax_rate < _LARGE)
        and 0 < len(line.name) <= _NAME
    )
