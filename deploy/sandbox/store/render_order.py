"""An order as REST shows it [store 3.2]."""

from __future__ import annotations

from deploy.sandbox.store.amounts import Amounts, DocumentSide, Side
from deploy.sandbox.store.model import CANCELLED, PAID, Order
from deploy.sandbox.store.money import RATE_SCALE, number
from deploy.sandbox.store.render_rows import applied_taxes, order_rows
from deploy.sandbox.store.style import Json, Style, address, both, stamp

METHOD_TITLES = {
    "stripe_payments": "Card",
    "paypal_express": "PayPal Express Checkout",
    "banktransfer": "Bank Transfer Payment",
    "checkmo": "Check / Money order",
    "free": "No Payment Information Required",
}
ONLINE_METHODS = frozenset({"stripe_payments", "paypal_express"})


def order_json(order: Order, style: Style) -> Json:
    """Nulls are left out; `items` has its own module."""
    made = _header(order)
    _buyer(made, order)
    _totals(made, order)
    _progress(made, order, style)
    _relations(made, order)
    made["items"] = order_rows(order, style)
    made["billing_address"] = address(
        order.billing, kind="billing", number_of=2 * order.id, parent=order.id, email=order.email
    )
    made["payment"] = _payment(order)
    made["status_histories"] = [_history(order, number_of) for number_of in range(order.histories)]
    made["extension_attributes"] = _extensions(order, style)
    return made


def _header(order: Order) -> Json:
    view = order.view
    made: Json = {
        "entity_id": order.id,
        "increment_id": order.number,
        "store_name": view.store_name,
        "state": order.state,
        "status": order.status,
        "created_at": stamp(order.created),
        "updated_at": stamp(order.updated),
        "is_virtual": int(order.is_virtual),
        "order_currency_code": view.currency,
        "base_currency_code": view.website.currency,
        "global_currency_code": "GBP",
        "store_currency_code": view.website.currency,
        "base_to_order_rate": order.own.rate / RATE_SCALE if order.own.rate != RATE_SCALE else 1,
        "base_to_global_rate": 1,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
        "total_item_count": sum(row.parent is None for row in order.rows),
        "total_qty_ordered": number(sum(row.quantity for row in order.rows if row.parent is None)),
        "protect_code": f"{order.id * 2654435761 % 2**32:08x}",
        "quote_id": order.id + 7,
    }
    if not order.view_deleted:
        made["store_id"] = view.id
    if order.held_from is not None:
        made["hold_before_state"], made["hold_before_status"] = order.held_from
    if order.coupon:
        made |= {"coupon_code": order.coupon, "discount_description": order.coupon}
    return made


def _buyer(made: Json, order: Order) -> None:
    """A guest may have no name; a deleted customer leaves `customer_is_guest` 0 and no id."""
    made |= {
        "customer_email": order.email,
        "customer_is_guest": int(order.is_guest),
        "customer_group_id": 0 if order.is_guest else 1,
        "customer_note_notify": 1,
    }
    if order.customer_id is not None:
        made["customer_id"] = order.customer_id
    if order.first:
        made["customer_firstname"] = order.first
    if order.last:
        made["customer_lastname"] = order.last
    if order.billing.vat_id:
        made["customer_taxvat"] = order.billing.vat_id


def _totals(made: Json, order: Order) -> None:
    own, base = order.own.amounts, order.base.amounts
    both(made, "subtotal", own.subtotal, base.subtotal)
    both(made, "subtotal_incl_tax", own.subtotal_incl, base.subtotal_incl)
    both(made, "discount_amount", -own.discount, -base.discount)
    both(made, "shipping_amount", own.shipping.row, base.shipping.row)
    both(made, "shipping_incl_tax", own.shipping.row_incl, base.shipping.row_incl)
    both(made, "shipping_tax_amount", own.shipping.tax, base.shipping.tax)
    both(made, "shipping_discount_amount", own.shipping.discount, base.shipping.discount)
    both(
        made,
        "shipping_discount_tax_compensation_amount",
        own.shipping.compensation,
        base.shipping.compensation,
        "base_shipping_discount_tax_compensation_amnt",
    )
    both(made, "tax_amount", own.tax, base.tax)
    both(made, "discount_tax_compensation_amount", own.goods.compensation, base.goods.compensation)
    both(made, "grand_total", own.grand_total, base.grand_total)


def _progress(made: Json, order: Order, style: Style) -> None:
    """What was invoiced, paid, refunded, cancelled; left out while there is none."""
    for prefix in ("", "base_"):
        base = bool(prefix)
        billed = [_side(invoice, base=base) for invoice in order.invoices if invoice.state != CANCELLED]
        paid = [_side(invoice, base=base) for invoice in order.invoices if invoice.state == PAID]
        back = [_side(memo, base=base) for memo in order.refunds]
        total = (order.base if base else order.own).amounts.grand_total
        total_paid = sum(one.grand_total for one in paid)
        if billed:
            made[f"{prefix}total_invoiced"] = number(sum(one.grand_total for one in billed))
            made[f"{prefix}subtotal_invoiced"] = number(sum(one.subtotal for one in billed))
            made[f"{prefix}tax_invoiced"] = number(sum(one.tax for one in billed))
            made[f"{prefix}shipping_invoiced"] = number(sum(one.shipping.row for one in billed))
            made[f"{prefix}discount_invoiced"] = number(-sum(one.discount for one in billed))
        if paid:
            made[f"{prefix}total_paid"] = style.computed(total_paid, order.id)
        if back:
            _refunds(made, order, prefix, back)
        if order.state == "canceled":
            made[f"{prefix}total_canceled"] = number(total - total_paid)
        made[f"{prefix}total_due"] = style.computed(max(total - total_paid, 0), order.id + 1)


def _refunds(made: Json, order: Order, prefix: str, back: list[Amounts]) -> None:
    online = sum(one.grand_total for one, memo in zip(back, order.refunds, strict=True) if memo.transaction)
    whole = sum(one.grand_total for one in back)
    made[f"{prefix}total_refunded"] = number(whole)
    made[f"{prefix}total_online_refunded"] = number(online)
    made[f"{prefix}total_offline_refunded"] = number(whole - online)
    made[f"{prefix}adjustment_positive"] = number(sum(one.positive for one in back))
    made[f"{prefix}adjustment_negative"] = number(sum(one.negative for one in back))
    made[f"{prefix}subtotal_refunded"] = number(sum(one.subtotal for one in back))
    made[f"{prefix}tax_refunded"] = number(sum(one.tax for one in back))
    made[f"{prefix}shipping_refunded"] = number(sum(one.shipping.row for one in back))


def _side(document: object, *, base: bool) -> Amounts:
    side: DocumentSide = document.base if base else document.own  # type: ignore[attr-defined]  # invoice or memo
    return side.amounts


def _relations(made: Json, order: Order) -> None:
    if order.edit_of is not None:
        made["original_increment_id"] = order.edit_of.number
        made["relation_parent_id"] = str(order.edit_of.id)
        made["relation_parent_real_id"] = order.edit_of.number
        made["edit_increment"] = 1
    if order.edited_by is not None:
        made["relation_child_id"] = str(order.edited_by.id)
        made["relation_child_real_id"] = order.edited_by.number


def _payment(order: Order) -> Json:
    own, base = order.own.amounts, order.base.amounts
    made: Json = {
        "entity_id": order.id,
        "parent_id": order.id,
        "method": order.method,
        "account_status": None,
        "additional_information": [METHOD_TITLES[order.method]],
        "cc_last4": None,
    }
    both(made, "amount_ordered", own.grand_total, base.grand_total)
    both(made, "shipping_amount", own.shipping.row, base.shipping.row)
    if order.method in ONLINE_METHODS and order.state != "pending_payment":
        both(made, "amount_authorized", own.grand_total, base.grand_total)
        paid = [invoice for invoice in order.invoices if invoice.state == PAID and invoice.transaction]
        if paid:
            made["base_amount_paid_online"] = number(sum(one.base.amounts.grand_total for one in paid))
        if refunded := [memo for memo in order.refunds if memo.transaction]:
            made["base_amount_refunded_online"] = number(sum(one.base.amounts.grand_total for one in refunded))
    if any(invoice.state == PAID for invoice in order.invoices):
        # every invoice, whatever its state [store 3.2]
        own_sum = sum(invoice.own.amounts.grand_total for invoice in order.invoices)
        both(made, "amount_paid", own_sum, sum(invoice.base.amounts.grand_total for invoice in order.invoices))
    if order.refunds:
        own_sum = sum(memo.own.amounts.grand_total for memo in order.refunds)
        both(made, "amount_refunded", own_sum, sum(memo.base.amounts.grand_total for memo in order.refunds))
    if order.last_transaction:
        made["last_trans_id"] = order.last_transaction
    return made


def _history(order: Order, number_of: int) -> Json:
    return {
        "comment": f"Note {number_of + 1}",
        "created_at": stamp(order.updated),
        "entity_id": order.id * 10 + number_of,
        "entity_name": "order",
        "is_customer_notified": 0,
        "is_visible_on_front": 0,
        "parent_id": order.id,
        "status": order.status,
    }


def _extensions(order: Order, style: Style) -> Json:
    made: Json = {
        "payment_additional_info": [{"key": "method_title", "value": METHOD_TITLES[order.method]}],
        **applied_taxes(order),
    }
    shipping: Json = {"total": {}}
    both(shipping["total"], "shipping_amount", order.own.shipping.sums.row, order.base.shipping.sums.row)
    if order.shipping is not None:
        shipping["method"] = "flatrate_flatrate"
        shipping["address"] = address(
            order.shipping, kind="shipping", number_of=2 * order.id + 1, parent=order.id, email=order.email
        )
    made["shipping_assignments"] = [{"shipping": shipping, "items": []}]
    if style.commerce:
        _tenders(made, order.own, "")
        _tenders(made, order.base, "base_")
    return made


def _tenders(made: Json, side: Side, prefix: str) -> None:
    if side.amounts.gift_cards:
        card: Json = made.setdefault("gift_cards", [{"id": 1, "code": "GIFT-SANDBOX"}])[0]
        card[f"{prefix}amount"] = number(side.amounts.gift_cards)
    made[f"{prefix}gift_cards_amount"] = number(side.amounts.gift_cards)
    made[f"{prefix}customer_balance_amount"] = number(side.amounts.store_credit)
    if side.cards_invoiced:
        made[f"{prefix}gift_cards_invoiced"] = number(side.cards_invoiced)
    if side.credit_invoiced:
        made[f"{prefix}customer_balance_invoiced"] = number(side.credit_invoiced)
    if side.cards_refunded:
        made[f"{prefix}gift_cards_refunded"] = number(side.cards_refunded)
    if side.credit_refunded:
        made[f"{prefix}customer_balance_refunded"] = number(side.credit_refunded)
