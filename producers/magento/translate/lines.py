"""The rows of orders, invoices and credit memos as lines, each with its own net, tax and gross. Pure.

An order's `row_total` is never read: over REST Magento rewrites it, differently by version. Its `row_total_incl_tax`
is the row after discount. Invoices and credit memos show the database's figures: `row_total` is net before discount.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from producers.magento.translate.items import counting, fixed_tax, line_kind
from producers.magento.translate.taxes import AppliedTax, Taxes
from producers.magento.translate.values import CENT, Raw, amount, cents, extension, number, rows, text
from schemas.assembly import assembled_part
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


def order_lines(order: Raw) -> list[Line]:
    """Items, fixed product taxes, shipping, gift wrapping and fees of an order."""
    taxes = Taxes(order)
    lines: list[Line] = []
    for item in counting(order).values():
        _, weee, weee_tax = fixed_tax(item)
        tax = amount(item, "tax_amount")
        net = amount(item, "row_total_incl_tax") - weee - tax
        lines += _goods(item, item, amount(item, "qty_ordered"), net, tax, taxes)
        lines += _fixed_taxes(item, weee, weee_tax, taxes)
    discount = amount(order, "shipping_discount_amount")
    compensation = amount(order, "shipping_discount_tax_compensation_amount")
    lines += _shipping(order, order, discount - compensation, taxes)
    lines += _wrappings(order, taxes)
    return lines + custom_fees(order)


def document_lines(document: Raw, order: Raw, *, compensation_holds_shipping: bool) -> list[Line]:
    """The lines of an invoice or credit memo. A credit memo's header compensation holds that of shipping as well."""
    taxes = Taxes(order)
    counted = counting(order)
    unimportant = {number(item.get("item_id")) for item in rows(order, "items")} - counted.keys()
    lines: list[Line] = []
    discounted = compensated = ZERO
    for row in rows(document, "items"):
        item_id = number(row.get("order_item_id"))
        discounted += amount(row, "discount_amount")
        compensated += amount(row, "discount_tax_compensation_amount")
        if item_id in unimportant:
            continue
        item = counted.get(item_id or 0, {})
        net = amount(row, "row_total") - _net_discount(row)
        lines += _goods(row, item, amount(row, "qty"), net, amount(row, "tax_amount"), taxes)
        lines += _fixed_taxes(item, *_share_of_fixed_taxes(row, item), taxes)
    if compensation_holds_shipping:
        compensation = max(amount(document, "discount_tax_compensation_amount") - compensated, ZERO)
    else:
        compensation = amount(document, "shipping_discount_tax_compensation_amount")
    discount = _shipping_discount(document, order, -amount(document, "discount_amount") - discounted)
    lines += _shipping(document, order, discount - (compensation if discount else ZERO), taxes)
    lines += _wrappings(document, taxes)
    return lines


def custom_fees(order: Raw) -> list[Line]:
    """Fees of the Admin UI SDK (2.4.9). REST says them of the order only."""
    fees = rows(extension(order), "custom_fees")
    return [
        _line(text(fee, "custom_fee_label") or "Fee", LineKind.FEE, amount(fee, "custom_fee_amount"), ZERO)
        for fee in fees
        if amount(fee, "custom_fee_amount")
    ]


def _goods(row: Raw, item: Raw, quantity: Decimal, net: Decimal, tax: Decimal, taxes: Taxes) -> Iterator[Line]:
    if not quantity and not net and not tax:
        return
    sku = text(row, "sku", _SKU) or text(item, "sku", _SKU)
    name = text(row, "name") or text(item, "name") or sku or "Item"
    applied, discount = taxes.of_item(item, tax), _net_discount(row)
    yield from _taxed_rows(
        _line(name, line_kind(item), net, tax, applied, sku=sku, quantity=quantity, discount=discount)
    )


def _net_discount(row: Raw) -> Decimal:
    return amount(row, "discount_amount") - amount(row, "discount_tax_compensation_amount")


def _share_of_fixed_taxes(row: Raw, item: Raw) -> tuple[Decimal, Decimal]:
    """Net and tax of a document's row: the order's by quantity. Credit memos say the net themselves."""
    _, whole, tax = fixed_tax(item)
    ordered = amount(item, "qty_ordered")
    if not whole or not ordered:
        return ZERO, ZERO
    quantity = amount(row, "qty")
    return amount(row, "weee_tax_applied_row_amount") or whole * quantity / ordered, tax * quantity / ordered


def _fixed_taxes(item: Raw, net: Decimal, tax: Decimal, taxes: Taxes) -> Iterator[Line]:
    if net:
        title, _, _ = fixed_tax(item)
        sku = text(item, "sku", _SKU)
        applied = taxes.of_charge("weee", tax, number(item.get("item_id")))
        yield _line(one_line(f"{title} ({sku})" if sku else title), LineKind.FEE, net, tax, applied)


def _shipping_discount(document: Raw, order: Raw, found: Decimal) -> Decimal:
    """What the header's discount holds beyond its rows', unless it is a cent of rounding."""
    most = amount(order, "shipping_discount_amount") if amount(document, "shipping_amount") else ZERO
    return max(min(found, most), ZERO)


def _shipping(document: Raw, order: Raw, net_discount: Decimal, taxes: Taxes) -> Iterator[Line]:
    full, tax = amount(document, "shipping_amount"), amount(document, "shipping_tax_amount")
    if full or tax:
        name = text(order, "shipping_description") or "Shipping"
        applied = taxes.of_charge("shipping", tax)
        line = _line(name, LineKind.SHIPPING, full - net_discount, tax, applied, discount=net_discount)
        yield from _taxed_rows(line)


def _wrappings(document: Raw, taxes: Taxes) -> Iterator[Line]:
    found = extension(document)
    for price, tax_name, kind, name in _WRAPPINGS:
        if amount(found, price):
            tax = amount(found, tax_name)
            yield _line(name, LineKind.FEE, amount(found, price), tax, taxes.of_charge(kind, tax))


def _taxed_rows(line: Line) -> Iterator[Line]:
    """The line; or, where the store taxes the price before the discount, the row in full and an untaxed discount.

    Magento does not say which setting it has. The tax does: it fits the rate of the one amount or of the other.
    """
    full = line.net + line.discount
    if (
        not line.discount
        or not line.tax_rate
        or not line.tax
        or not _fits_better(line.tax, line.tax_rate, full, line.net)
    ):
        yield line
        return
    yield replace(line, net=full, gross=full + line.tax, discount=ZERO)
    yield _line(one_line(f"Discount: {line.name}"), LineKind.DISCOUNT, -line.discount, ZERO, sku=line.sku)


def _fits_better(tax: Decimal, rate: Decimal, one: Decimal, other: Decimal) -> bool:
    """Whether `tax` is nearer to the rate's of `one` than of `other`; a cent of doubt decides for `other`."""
    return abs(tax - one * rate / 100) + CENT < abs(tax - other * rate / 100)


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
    line = assembled_part(Line, fields)
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
