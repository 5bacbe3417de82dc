"""What its sums do not show of a document: how it was taxed, what was sold, how much of it came back [store 7]."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploy.sandbox.store.amounts import Sums
from deploy.sandbox.store.model import Invoice, Memo, OrderRow
from deploy.sandbox.store.money import UNIT

Charged = list[tuple[OrderRow, int, Sums]]


def traits_of(document: Invoice | Memo) -> tuple[str, ...]:
    """Words for readers of the truth, such as `tax-by-unit` or `shipping-alone`."""
    lines = zip(document.own.lines, document.quantities, strict=True)
    rows = document.order.rows
    charged = [(rows[index], quantity, sums) for (index, sums), quantity in lines if sums is not None]
    found = _returned(document, charged) if isinstance(document, Memo) else _sold(document, charged)
    return tuple(found)


def _sold(invoice: Invoice, charged: Charged) -> Iterator[str]:
    yield from _taxed(invoice, charged)
    if invoice.own.amounts.shipping.tax:
        yield "shipping-taxed"
    if not invoice.own.amounts.sale:
        yield "free"
    if not _is_whole(invoice, charged):
        yield "part-of-order"
    if any(sums.row and not row.rates and row.type != "giftcard" for row, _, sums in charged):
        yield "untaxed-row"
    if any(sums.fpt_tax for _, _, sums in charged):
        yield "fixed-product-tax-taxed"
    if any(sums.row and row.type == "giftcard" for row, _, sums in charged):
        yield "gift-card-sold"
    if any(row.parent is not None and row.parent.product.dynamic for row, _, _ in charged):
        yield "bundle-of-parts"
    if any(row.type in {"configurable", "bundle"} for row, _, _ in charged):
        yield "price-of-parent"
    if any(quantity % UNIT for _, quantity, _ in charged):
        yield "fraction"


def _taxed(invoice: Invoice, charged: Charged) -> Iterator[str]:
    taxes = invoice.order.view.website.taxes
    if any(sums.tax for _, _, sums in charged):
        yield "prices-with-tax" if taxes.inclusive else "prices-without-tax"
        yield f"tax-by-{taxes.algorithm}"
    if any(sums.tax and len(row.rates) > 1 for row, _, sums in charged):
        yield "two-taxes-on-a-row"
    moment = "after" if taxes.after_discount else "before"
    if _all_off(sums for _, _, sums in charged):
        yield f"all-off-tax-{moment}"
    elif any(sums.tax and sums.discount for _, _, sums in charged):
        yield f"discount-tax-{moment}"


def _all_off(sums: Iterable[Sums]) -> bool:
    """Whether coupons left nothing of any row."""
    found = list(sums)
    return any(one.discount for one in found) and all(one.row + one.compensation == one.discount for one in found)


def _returned(memo: Memo, charged: Charged) -> Iterator[str]:
    amounts = memo.own.amounts
    if charged:
        yield "everything" if _is_whole(memo, charged) else "some-rows"
    elif amounts.shipping.row:
        yield "shipping-alone"
    elif amounts.positive:
        yield "adjustment-alone"
    if charged and amounts.positive:
        yield "adjustment-refund"
    if amounts.negative:
        yield "adjustment-fee"


def _is_whole(document: Invoice | Memo, charged: Charged) -> bool:
    """Whether it has all of every row that costs something."""
    wanted = sum(row.money for row in document.order.rows)
    return len(charged) == wanted and all(quantity == row.quantity for row, quantity, _ in charged)
