"""What happens to an order after it is placed: invoices, captures, refunds, cancellations, edits [store 5]."""

from __future__ import annotations

from collections.abc import Callable

from deploy.sandbox.store.billing import bill, open_quantities, with_parts, withdraw
from deploy.sandbox.store.chance import Chance
from deploy.sandbox.store.model import CANCELLED, OPEN, PAID, Invoice, Memo, Order
from deploy.sandbox.store.money import UNIT
from deploy.sandbox.store.ordering import Ordering
from deploy.sandbox.store.registry import Entity, Kind, Registry
from deploy.sandbox.store.render_order import ONLINE_METHODS
from deploy.sandbox.store.returns import WHOLE, Returns

Schedule = Callable[[int, Callable[[int], None]], None]
HOUR, DAY = 3600, 86_400
_REST = (DAY, 10 * DAY)


class Lives:
    """Moves orders on. `schedule` takes the moment and the step that comes then.

    `undecided`: some also rest in states in which nobody knows yet what becomes of them [store 5.4].
    """

    def __init__(self, registry: Registry, chance: Chance, ordering: Ordering, schedule: Schedule) -> None:
        self._registry = registry
        self._chance = chance
        self._ordering = ordering
        self._schedule = schedule
        self._returns = Returns(registry, chance)
        self.undecided = False

    def begin(self, order: Order, moment: int) -> None:
        """What the way of paying brings with it at once, and what it will bring later."""
        if order.method in ONLINE_METHODS and self._rests(0.5):
            self._enter(order, "pending_payment", "pending_payment", moment)
            self._later(order, moment, _REST, self._come_back)
            return
        self._pay(order, moment)

    def _rests(self, share: float) -> bool:
        return self.undecided and self._chance.happens(share)

    def _enter(self, order: Order, state: str, status: str, moment: int) -> None:
        order.state, order.status, order.updated = state, status, moment
        self._registry.write(("orders", order))

    def _come_back(self, order: Order, moment: int) -> None:
        """The buyer comes back from the gateway, which may want to look at the payment first; or never does."""
        if self._chance.happens(0.3):
            self._cancel(order, moment)
        elif self._chance.happens(0.5):
            self._enter(order, "payment_review", self._chance.one_of(("payment_review", "fraud")), moment)
            self._later(order, moment, _REST, self._review)
        else:
            self._pay(order, moment)

    def _review(self, order: Order, moment: int) -> None:
        if self._chance.happens(0.3):
            self._cancel(order, moment)
        else:
            self._pay(order, moment)

    def _release(self, order: Order, moment: int) -> None:
        """An order that was on hold is what it was before."""
        assert order.held_from is not None
        (state, status), order.held_from = order.held_from, None
        self._enter(order, state, status, moment)
        self._later(order, moment, (HOUR, DAY), self._continue)

    def _pay(self, order: Order, moment: int) -> None:
        if order.method in {"stripe_payments", "free"}:
            self._invoice(order, open_quantities(order), moment)
            return
        if order.method == "paypal_express":
            order.state = order.status = "processing"
            order.updated = moment
            authorization = self._registry.transact(order, "authorization", moment, f"PP{order.id:08d}A")
            order.last_transaction = authorization.code
            self._registry.write(("orders", order), ("transactions", authorization))
            self._later(order, moment, (HOUR, 2 * DAY), self._continue)
            return
        self._registry.write(("orders", order))
        self._later(order, moment, (HOUR, 4 * DAY), self._continue)

    def _continue(self, order: Order, moment: int) -> None:
        """An order that was not invoiced, or not wholly."""
        if self._rests(0.3):
            order.held_from = (order.state, order.status)
            self._enter(order, "holded", "holded", moment)
            self._later(order, moment, _REST, self._release)
            return
        offline = order.method not in ONLINE_METHODS
        untouched = offline and not order.invoices
        if untouched and self._chance.happens(0.08):
            self._cancel(order, moment)
        elif untouched and order.edit_of is None and self._chance.happens(0.06):
            self._edit(order, moment)
        else:
            self._invoice(order, self._next_quantities(order), moment)

    def _next_quantities(self, order: Order) -> dict[int, int]:
        """All that is open, or for one order in four that has more, the first half.

        An order that costs nothing is not halved: rounding could bring a part of it below zero.
        """
        left = open_quantities(order)
        tops = [index for index in left if order.rows[index].parent is None]
        whole = len(tops) == 1 and left[tops[0]] < 2 * UNIT
        if whole or order.invoices or order.percent_off == WHOLE or not self._chance.happens(0.25):
            return left
        if len(tops) > 1:
            chosen = {index: left[index] for index in tops[: len(tops) // 2]}
        else:
            chosen = {tops[0]: left[tops[0]] // (2 * UNIT) * UNIT}
        return with_parts(order, chosen)

    def _invoice(self, order: Order, quantities: dict[int, int], moment: int) -> None:
        own, base = bill(order, quantities)
        made = Invoice(
            id=self._registry.next_id("invoices"),
            number=self._registry.number("invoices", order.view),
            order=order,
            created=moment,
            updated=moment,
            quantities=tuple(quantities.values()),
            own=own,
            base=base,
            item_id=self._registry.next_ids("invoice item", len(quantities)),
        )
        order.invoices.append(made)
        self._registry.add("invoices", made)
        order.state = order.status = "processing"
        order.updated = moment
        if order.method == "paypal_express" and self._chance.happens(0.3):
            made.state = OPEN
            self._registry.write(("invoices", made), ("orders", order))
            self._later(order, moment, (HOUR, DAY), lambda _, at: self._capture(made, at))
            return
        captures = self._charge(made, moment)
        self._registry.write(*captures, ("invoices", made), ("orders", order))
        self._after_payment(order, moment)

    def _capture(self, invoice: Invoice, moment: int) -> None:
        """The money of an open invoice arrives: the same entity, changed. Or it is cancelled, and billed anew."""
        if self._chance.happens(0.15):
            self._withdraw(invoice, moment)
            return
        invoice.state, invoice.updated, invoice.order.updated = PAID, moment, moment
        captures = self._charge(invoice, moment)
        self._registry.write(*captures, ("invoices", invoice), ("orders", invoice.order))
        self._after_payment(invoice.order, moment)

    def _withdraw(self, invoice: Invoice, moment: int) -> None:
        order = invoice.order
        withdraw(invoice)
        invoice.state, invoice.updated, order.updated = CANCELLED, moment, moment
        self._registry.write(("invoices", invoice), ("orders", order))
        self._later(order, moment, (HOUR, DAY), self._continue)

    def _charge(self, invoice: Invoice, moment: int) -> list[tuple[Kind, Entity]]:
        order = invoice.order
        if order.method not in ONLINE_METHODS or not invoice.own.amounts.grand_total:
            return []
        parent = order.transactions[0] if order.transactions else None
        code = f"pi_{order.id:08d}" if order.method == "stripe_payments" else f"PP{invoice.id:08d}C"
        capture = self._registry.transact(order, "capture", moment, code, parent)
        invoice.transaction = order.last_transaction = code
        return [("transactions", capture)]

    def _after_payment(self, order: Order, moment: int) -> None:
        if open_quantities(order):
            self._later(order, moment, (HOUR, DAY), self._continue)
            return
        self._later(order, moment, (HOUR, DAY), self._complete)
        if self._chance.happens(0.12):
            self._later(order, moment, (DAY, 5 * DAY), self._refund)

    def _complete(self, order: Order, moment: int) -> None:
        if order.state == "processing":
            order.state = order.status = "complete"
            order.updated = moment
            self._registry.write(("orders", order))

    def _refund(self, order: Order, moment: int) -> None:
        if self._rests(0.5):
            if memo := self._returns.open(order, moment):
                self._later(order, moment, _REST, lambda _, at: self._close(memo, at))
            return
        if self._returns.refund(order, moment) and self._chance.happens(0.3):
            self._later(order, moment, (HOUR, DAY), self._refund)

    def _close(self, memo: Memo, moment: int) -> None:
        self._returns.close(memo, moment, pays=self._chance.happens(0.6))

    def _cancel(self, order: Order, moment: int) -> None:
        order.state = order.status = "canceled"
        order.updated = moment
        for row in order.rows:
            row.cancelled = row.quantity
        self._registry.write(("orders", order))

    def _edit(self, order: Order, moment: int) -> None:
        """A person edits the order: it is cancelled, and another takes its place."""
        made = self._ordering.again(order, moment)
        made.edit_of, order.edited_by = order, made
        self._cancel(order, moment)
        self.begin(made, moment)

    def _later(self, order: Order, moment: int, within: tuple[int, int], step: Callable[[Order, int], None]) -> None:
        """Take a step some seconds from now, unless the order is deleted by then."""
        least, most = within
        orders = self._registry.entities["orders"]

        def take(at: int) -> None:
            if order.id in orders:
                step(order, at)

        self._schedule(moment + int(self._chance.between(least, most)), take)
