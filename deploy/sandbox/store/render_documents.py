"""Invoices, credit memos and transactions as REST shows them [store 3.3]."""

from __future__ import annotations

from deploy.sandbox.store.amounts import Amounts, Sums
from deploy.sandbox.store.model import Invoice, Memo, Transaction
from deploy.sandbox.store.money import RATE_SCALE, number
from deploy.sandbox.store.style import Json, Style, both, stamp


def invoice_json(invoice: Invoice, style: Style) -> Json:
    """No customer, address or payment; children without amounts."""
    made = _document(invoice)
    own, base = invoice.own.amounts, invoice.base.amounts
    both(
        made,
        "discount_tax_compensation_amount",
        own.goods.compensation,
        base.goods.compensation,
    )
    if own.shipping.compensation or base.shipping.compensation:
        both(
            made,
            "shipping_discount_tax_compensation_amount",
            own.shipping.compensation,
            base.shipping.compensation,
            "base_shipping_discount_tax_compensation_amnt",
        )
    refunded = [memo for memo in invoice.order.refunds if memo.invoice is invoice]
    if refunded:
        made["base_total_refunded"] = number(sum(memo.base.amounts.grand_total for memo in refunded))
        made["is_used_for_refund"] = 1
    made["comments"] = []
    _tenders(made, invoice, style)
    return made


def memo_json(memo: Memo, style: Style) -> Json:
    """As an invoice, with adjustments; compensation holds that of shipping too."""
    made = _document(memo)
    own, base = memo.own.amounts, memo.base.amounts
    compensation = own.goods.compensation + own.shipping.compensation
    both(
        made,
        "discount_tax_compensation_amount",
        compensation,
        base.goods.compensation + base.shipping.compensation,
    )
    both(made, "adjustment_positive", own.positive, base.positive)
    both(made, "adjustment_negative", own.negative, base.negative)
    both(made, "adjustment", own.positive - own.negative, base.positive - base.negative)
    if memo.invoice is not None:
        made["invoice_id"] = memo.invoice.id
    made["comments"] = []
    _tenders(made, memo, style)
    return made


def transaction_json(transaction: Transaction, _style: Style) -> Json:
    """Neither amount nor currency."""
    made: Json = {
        "transaction_id": transaction.id,
        "order_id": transaction.order.id,
        "payment_id": transaction.order.id,
        "txn_id": transaction.code,
        "txn_type": transaction.kind,
        "is_closed": int(transaction.closed),
        "created_at": stamp(transaction.created),
        "additional_information": [],
        "child_transactions": [],
    }
    if transaction.parent is not None:
        made |= {"parent_id": transaction.parent.id, "parent_txn_id": transaction.parent.code}
    return made


def _document(document: Invoice | Memo) -> Json:
    order = document.order
    own, base = document.own.amounts, document.base.amounts
    made: Json = {
        "entity_id": document.id,
        "increment_id": document.number,
        "order_id": order.id,
        "state": document.state,
        "created_at": stamp(document.created),
        "updated_at": stamp(document.updated),
        "order_currency_code": order.view.currency,
        "base_currency_code": order.view.website.currency,
        "store_currency_code": order.view.website.currency,
        "global_currency_code": "GBP",
        "base_to_order_rate": order.own.rate / RATE_SCALE if order.own.rate != RATE_SCALE else 1,
        "billing_address_id": 2 * order.id,
        "total_qty": number(_quantity(document)),
    }
    if not order.view_deleted:
        made["store_id"] = order.view.id
    if document.transaction:
        made["transaction_id"] = document.transaction
    _totals(made, own, base)
    made["items"] = _items(document)
    return made


def _quantity(document: Invoice | Memo) -> int:
    rows = document.order.rows
    chosen = zip(document.own.lines, document.quantities, strict=True)
    return sum(quantity for (index, _), quantity in chosen if rows[index].parent is None)


def _totals(made: Json, own: Amounts, base: Amounts) -> None:
    both(made, "subtotal", own.subtotal, base.subtotal)
    both(made, "subtotal_incl_tax", own.subtotal_incl, base.subtotal_incl)
    both(made, "discount_amount", -own.discount, -base.discount)
    both(made, "shipping_amount", own.shipping.row, base.shipping.row)
    if own.shipping.row:
        both(made, "shipping_incl_tax", own.shipping.row_incl, base.shipping.row_incl)
        both(made, "shipping_tax_amount", own.shipping.tax, base.shipping.tax)
    both(made, "tax_amount", own.tax, base.tax)
    both(made, "grand_total", own.grand_total, base.grand_total)


def _items(document: Invoice | Memo) -> list[Json]:
    is_memo = isinstance(document, Memo)
    made = []
    lines = zip(document.own.lines, document.base.lines, document.quantities, strict=True)
    for place, ((index, own), (_, base), quantity) in enumerate(lines):
        order = document.order
        row, line, base_line = order.rows[index], order.own.lines[index], order.base.lines[index]
        item: Json = {
            "entity_id": document.item_id + place,
            "parent_id": document.id,
            "order_item_id": row.item_id,
            "product_id": row.product.id,
            "sku": row.sku,
            "name": row.name,
            "qty": number(quantity),
        }
        both(item, "price", line.price, base_line.price)
        if own is not None and base is not None:
            both(item, "price_incl_tax", line.price_incl, base_line.price_incl)
            _item_amounts(item, own, base)
        if is_memo:
            item["base_cost"] = None
            if own is not None and base is not None:
                both(item, "weee_tax_applied_amount", line.fpt_unit, base_line.fpt_unit)
                both(item, "weee_tax_applied_row_amount", own.fpt, base.fpt, "base_weee_tax_applied_row_amnt")
        made.append(item)
    return made


def _item_amounts(item: Json, own: Sums, base: Sums) -> None:
    both(item, "row_total", own.row, base.row)
    both(item, "row_total_incl_tax", own.row_incl, base.row_incl)
    if own.discount or base.discount:
        both(item, "discount_amount", own.discount, base.discount)
    both(item, "tax_amount", own.tax, base.tax)
    if own.compensation or base.compensation:
        both(item, "discount_tax_compensation_amount", own.compensation, base.compensation)


def _tenders(made: Json, document: Invoice | Memo, style: Style) -> None:
    if not style.commerce:
        return
    extensions: Json = {}
    own, base = document.own.amounts, document.base.amounts
    if own.gift_cards:
        both(extensions, "gift_cards_amount", own.gift_cards, base.gift_cards)
    if own.store_credit:
        both(extensions, "customer_balance_amount", own.store_credit, base.store_credit)
    if extensions:
        made["extension_attributes"] = extensions
