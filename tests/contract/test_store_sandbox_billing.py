"""What an invoice in the place of a cancelled one holds, and what a refund of it gives back."""

from __future__ import annotations

from deploy.sandbox.store.billing import Refund, bill, refund, withdraw
from deploy.sandbox.store.market import Market, Size
from deploy.sandbox.store.model import CANCELLED, Invoice, Order

NOW = 1_790_000_000


def order_with_shipping_at_a_discount() -> Order:
    """One that nobody has invoiced, with prices that include tax."""
    orders = Market(Size(orders=600, seed=2), NOW).registry.entities["orders"].values()
    return next(
        one for one in orders if isinstance(one, Order) and one.own.shipping.sums.compensation and not one.invoices
    )


def billed(order: Order) -> Invoice:
    """An invoice of all of it."""
    quantities = {index: row.quantity for index, row in enumerate(order.rows)}
    own, base = bill(order, quantities)
    order.invoices.append(Invoice(1, "1", order, NOW, NOW, tuple(quantities.values()), own, base))
    return order.invoices[-1]


def test_6_2_the_discount_of_shipping_is_given_once_though_its_invoice_is_cancelled() -> None:
    order = order_with_shipping_at_a_discount()
    shipping = order.own.shipping.sums
    first = billed(order)
    withdraw(first)
    first.state = CANCELLED

    second = billed(order)

    assert first.own.amounts.shipping == shipping
    assert second.own.amounts.shipping == shipping._replace(discount=0)
    assert second.own.amounts.sale == first.own.amounts.sale + shipping.discount


def test_6_2_a_refund_of_it_gives_back_the_part_of_the_orders_shipping() -> None:
    order = order_with_shipping_at_a_discount()
    withdraw(billed(order))
    billed(order)

    own, _ = refund(order, Refund({}, shipping_percent=100))

    assert own.amounts.shipping == order.own.shipping.sums
