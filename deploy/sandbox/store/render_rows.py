"""The rows of an order as REST shows them, with row totals that are not what the database holds [store 3.2]."""

from __future__ import annotations

import json

from deploy.sandbox.store.amounts import Line
from deploy.sandbox.store.model import Order, OrderRow
from deploy.sandbox.store.money import number, percent
from deploy.sandbox.store.style import Json, Style, both
from deploy.sandbox.store.tax import Rate


def order_rows(order: Order, style: Style) -> list[Json]:
    """All rows; what belongs to another row carries a copy of it."""
    made: dict[int, Json] = {}
    for row, own, base in zip(order.rows, order.own.lines, order.base.lines, strict=True):
        shown = _row(order, row, own, base, style)
        if row.parent is not None:
            parent = made[row.parent.item_id]
            shown["parent_item_id"] = row.parent.item_id
            shown["parent_item"] = {key: value for key, value in parent.items() if key != "parent_item"}
            if style.version == "2.4.8" and row.product.type != "bundle" and not shown["price"]:
                _price_of_bundle(shown, row.parent, parent)
        made[row.item_id] = shown
    return list(made.values())


def _row(order: Order, row: OrderRow, own: Line, base: Line, style: Style) -> Json:
    made: Json = {
        "item_id": row.item_id,
        "order_id": order.id,
        "product_id": row.product.id,
        "product_type": row.type,
        "sku": row.sku,
        "name": row.name,
        "is_virtual": int(row.is_virtual),
        "free_shipping": 0,
        "qty_ordered": number(row.quantity),
        "qty_invoiced": number(row.invoiced),
        "qty_refunded": number(row.refunded),
        "qty_canceled": number(row.cancelled),
        "qty_shipped": 0,
        "discount_percent": order.percent_off if row.money and own.sums.discount else 0,
        "tax_percent": percent(sum(rate.rate for rate in row.rates)) if row.money else 0,
    }
    if not order.view_deleted:
        made["store_id"] = order.view.id
    both(made, "original_price", own.original_price, base.original_price)
    both(made, "price", own.price, base.price)
    _row_amounts(made, own, base)
    if own.price_incl:
        both(made, "price_incl_tax", own.price_incl, base.price_incl)
        _row_totals(made, order, row, (own, base), style)
    else:
        made |= {"row_total": 0, "base_row_total": 0}
    if own.fpt_unit:
        _fpt(made, own, base)
    return made


def _row_amounts(made: Json, own: Line, base: Line) -> None:
    both(made, "discount_amount", own.sums.discount, base.sums.discount)
    both(made, "tax_amount", own.sums.tax, base.sums.tax)
    both(made, "discount_tax_compensation_amount", own.sums.compensation, base.sums.compensation)
    both(made, "row_invoiced", own.invoiced.row, base.invoiced.row)
    both(made, "tax_invoiced", own.invoiced.tax, base.invoiced.tax)
    both(made, "discount_invoiced", own.invoiced.discount, base.invoiced.discount)
    both(made, "amount_refunded", own.refunded.row, base.refunded.row)


def _row_totals(made: Json, order: Order, row: OrderRow, lines: tuple[Line, Line], style: Style) -> None:
    """Rewritten on the way out, in the manner of the version; `row_total_incl_tax` after the discount."""
    for prefix, line in zip(("", "base_"), lines, strict=True):
        sums = line.sums
        net = line.price if style.version == "2.4.8" else sums.row
        net -= sums.discount
        weee = line.fpt_unit if prefix else sums.fpt
        gross = sums.row + sums.tax + sums.compensation + weee - sums.discount
        if style.version != "2.3":
            net, gross = max(net, 0), max(gross, 0)
        made[f"{prefix}row_total"] = number(net)
        made[f"{prefix}row_total_incl_tax"] = style.computed(gross, order.id + row.item_id)


def _price_of_bundle(shown: Json, parent: OrderRow, parent_shown: Json) -> None:
    if parent.product.type == "bundle":
        shown["price"] = parent_shown["price"]


def _fpt(made: Json, own: Line, base: Line) -> None:
    both(made, "weee_tax_applied_amount", own.fpt_unit, base.fpt_unit)
    both(made, "weee_tax_applied_row_amount", own.sums.fpt, base.sums.fpt, "base_weee_tax_applied_row_amnt")
    incl, base_incl = own.sums.fpt + own.sums.fpt_tax, base.sums.fpt + base.sums.fpt_tax
    applied = {
        "title": "Recycling fee",
        "amount": number(own.fpt_unit),
        "row_amount": number(own.sums.fpt),
        "amount_incl_tax": number(own.fpt_unit if not own.sums.fpt else own.fpt_unit * incl // own.sums.fpt),
        "row_amount_incl_tax": number(incl),
        "base_amount": number(base.fpt_unit),
        "base_row_amount": number(base.sums.fpt),
        "base_row_amount_incl_tax": number(base_incl),
    }
    made["weee_tax_applied"] = json.dumps([applied])


def applied_taxes(order: Order) -> Json:
    """`applied_taxes` and `item_applied_taxes`; empty where nothing is taxed [store 3.2]."""
    items: list[Json] = []
    for row, own, base in zip(order.rows, order.own.lines, order.base.lines, strict=True):
        if row.money and own.sums.tax:
            taxes = _taxes(row.rates, own.by_rate, base.by_rate)
            items.append({"type": "product", "item_id": row.item_id, "applied_taxes": taxes})
        if row.money and own.sums.fpt_tax:
            taxes = _taxes(row.rates, own.fpt_by_rate, base.fpt_by_rate)
            items.append({"type": "weee", "associated_item_id": row.item_id, "applied_taxes": taxes})
    shipping, base_shipping = order.own.shipping, order.base.shipping
    if shipping.sums.tax:
        taxes = _taxes(order.shipping_rates, shipping.by_rate, base_shipping.by_rate)
        items.append({"type": "shipping", "applied_taxes": taxes})
    if not items:
        return {}
    return {"applied_taxes": _together(items), "item_applied_taxes": items}


def _taxes(rates: tuple[Rate, ...], own: tuple[int, ...], base: tuple[int, ...]) -> list[Json]:
    return [
        {
            "code": rate.code,
            "title": rate.code,
            "percent": percent(rate.rate),
            "amount": number(amount),
            "base_amount": number(base_amount),
        }
        for rate, amount, base_amount in zip(rates, own, base, strict=True)
    ]


def _together(items: list[Json]) -> list[Json]:
    found: dict[str, Json] = {}
    for item in items:
        for tax in item["applied_taxes"]:
            known = found.setdefault(tax["code"], {**tax, "amount": 0, "base_amount": 0})
            for name in ("amount", "base_amount"):
                known[name] = round(known[name] + tax[name], 2)
    return list(found.values())
