"""What happens to an order after it is placed: invoices, captures, refunds, cancellations, edits [store 5]."""

from __future__ import annotations

import random
from collections.abc import Callable

from deploy.sandbox.store.billing import (
    Refund,
    bill,
    open_quantities,
    refund,
    refundable_quantities,
    with_parts,
    withdraw,
)
from deploy.sandbox.store.model import CANCELLED, OPEN, PAID, Invoice, Memo, Order, Transaction
from deploy.sandbox.store.money import UNIT
from deploy.sandbox.store.ordering import Ordering
from deploy.sandbox.store.registry import Entity, Kind, Registry
from deploy.sandbox.store.render_order import ONLINE_METHODS

Schedule = Callable[[int, Callable[[int], None]], None]
HOUR, DAY = 3600, 86_400
_ALL = 100


class Lives:
    """Moves orders on. `schedule` takes the moment and the step that comes then."""

    def __init__(self, registry: Registry, chance: random.Random, ordering: Ordering, schedule: Schedule) -> None:
        self._registry = registry
        self._chance = chance
        self._ordering = ordering
        self._schedule = schedule

    def begin(self, order: Order, moment: int) -> None:
        """What the way of paying brings with it at once, and what it will bring later."""
        if order.method in {"stripe_payments", "free"}:
            self._invoice(order, open_quantities(order), moment)
            return
        if order.method == "paypal_express":
            order.state = order.status = "processing"
            authorization = self._transact(order, "authorization", moment, f"PP{order.id:08d}A")
            order.last_transaction = authorization.code
            self._registry.write(("orders", order), ("transactions", authorization))
            self._later(order, moment, (HOUR, 2 * DAY), self._continue)
            return
        self._registry.write(("orders", order))
        self._later(order, moment, (HOUR, 4 * DAY), self._continue)

    def _continue(self, order: Order, moment: int) -> None:
        """An order that was not invoiced, or not wholly."""
        offline = order.method not in ONLINE_METHODS
        draw = self._chance.random()
        if draw < 0.08 and not order.invoices and offline:  # noqa: PLR2004 - some give up
            self._cancel(order, moment)
        elif draw < 0.14 and not order.invoices and offline and order.edit_of is None:  # noqa: PLR2004 - or edit
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
        if whole or order.invoices or order.percent_off == _ALL or self._chance.random() > 0.25:  # noqa: PLR2004 - one in four
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
        if order.method == "paypal_express" and self._chance.random() < 0.3:  # noqa: PLR2004 - captured later
            made.state = OPEN
            self._registry.write(("invoices", made), ("orders", order))
            self._later(order, moment, (HOUR, DAY), lambda _, at: self._capture(made, at))
            return
        captures = self._charge(made, moment)
        self._registry.write(*captures, ("invoices", made), ("orders", order))
        self._after_payment(order, moment)

    def _capture(self, invoice: Invoice, moment: int) -> None:
        """The money of an open invoice arrives: the same entity, changed. Or it is cancelled, and billed anew."""
        if self._chance.random() < 0.15:  # noqa: PLR2004 - some authorizations are not honoured
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
        capture = self._transact(order, "capture", moment, code, parent)
        invoice.transaction = order.last_transaction = code
        return [("transactions", capture)]

    def _after_payment(self, order: Order, moment: int) -> None:
        if open_quantities(order):
            self._later(order, moment, (HOUR, DAY), self._continue)
            return
        self._later(order, moment, (HOUR, DAY), self._complete)
        if self._chance.random() < 0.12:  # noqa: PLR2004 - one in eight comes back
            self._later(order, moment, (DAY, 5 * DAY), self._refund)

    def _complete(self, order: Order, moment: int) -> None:
        if order.state == "processing":
            order.state = order.status = "complete"
            order.updated = moment
            self._registry.write(("orders", order))

    def _refund(self, order: Order, moment: int) -> None:
        """A refund of everything, of some rows with a fee, of the shipping, or of nothing but goodwill."""
        wanted = self._wanted(order)
        if wanted is None:
            return
        own, base = refund(order, wanted)
        made = Memo(
            id=self._registry.next_id("creditmemos"),
            number=self._registry.number("creditmemos", order.view),
            order=order,
            created=moment,
            updated=moment,
            quantities=tuple(wanted.quantities.values()),
            own=own,
            base=base,
            item_id=self._registry.next_ids("memo item", len(wanted.quantities)),
        )
        order.memos.append(made)
        self._registry.add("creditmemos", made)
        order.updated = moment
        if not refundable_quantities(order):
            order.state = order.status = "closed"
        written = self._pay_back(made, moment)
        self._registry.write(*written, ("creditmemos", made), ("orders", order))
        goodwill = wanted.positive > 0  # may be all that was left to pay back
        if order.state != "closed" and not goodwill and self._chance.random() < 0.3:  # noqa: PLR2004 - some come back twice
            self._later(order, moment, (HOUR, DAY), self._refund)

    def _wanted(self, order: Order) -> Refund | None:
        left = refundable_quantities(order)
        tops = [index for index in left if order.rows[index].parent is None]
        draw = self._chance.random()
        paid = sum(one.own.amounts.grand_total for one in _standing(order))
        paid -= sum(one.own.amounts.grand_total for one in order.memos)
        if draw < 0.4 and tops:  # noqa: PLR2004 - shares of a whole
            return Refund(left, shipping_percent=100)
        if draw < 0.75 and tops and order.percent_off < _ALL:  # noqa: PLR2004
            return self._some_rows(order, left, tops)
        shipping = order.own.shipping.invoiced.minus(order.own.shipping.refunded)
        if draw < 0.9 and shipping.row > 1 and shipping.gross > 1:  # noqa: PLR2004
            return Refund({}, shipping_percent=100 if draw < 0.8 else 50)  # noqa: PLR2004
        return Refund({}, positive=min(500, paid // 2)) if paid > 1 else None

    def _some_rows(self, order: Order, left: dict[int, int], tops: list[int]) -> Refund:
        """The last row, wholly or one piece of it, now and then less a fee."""
        index = tops[-1]
        quantity = UNIT if left[index] % UNIT == 0 else left[index]
        quantities = with_parts(order, {index: quantity})
        worth = sum(
            order.own.lines[one].sums.part(quantities[one], order.rows[one].quantity).gross
            for one in quantities
            if order.rows[one].money
        )
        fee = self._chance.random() < 0.3 and worth > 1000  # noqa: PLR2004 - a fee of 5.00 of more than 10.00
        return Refund(quantities, negative=500 if fee else 0)

    def _pay_back(self, memo: Memo, moment: int) -> list[tuple[Kind, Entity]]:
        """Through the gateway where one invoice took all the money, else in the books only."""
        order = memo.order
        paid = [invoice for invoice in order.invoices if invoice.transaction]
        amount = memo.own.amounts.grand_total
        if len(paid) != 1 or not amount or order.method not in ONLINE_METHODS:
            return []
        invoice = paid[0]
        before = sum(one.own.amounts.grand_total for one in order.memos if one is not memo)
        if len(_standing(order)) > 1 or before + amount > invoice.own.amounts.grand_total:
            return []
        capture = next(one for one in order.transactions if one.code == invoice.transaction)
        back = self._transact(order, "refund", moment, f"{capture.code}-refund-{memo.id}", capture)
        memo.invoice, memo.transaction = invoice, back.code
        invoice.updated = moment
        order.last_transaction = back.code
        return [("transactions", back), ("invoices", invoice)]

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

    def _transact(
        self, order: Order, kind: str, moment: int, code: str, parent: Transaction | None = None
    ) -> Transaction:
        number = self._registry.next_id("transactions")
        made = Transaction(number, order, code, kind, moment, parent, closed=kind != "authorization")
        order.transactions.append(made)
        self._registry.add("transactions", made)
        return made

    def _later(self, order: Order, moment: int, within: tuple[int, int], step: Callable[[Order, int], None]) -> None:
        """Take a step some seconds from now, unless the order is deleted by then."""
        least, most = within
        orders = self._registry.entities["orders"]

        def take(at: int) -> None:
            if order.id in orders:
                step(order, at)

        self._schedule(int(moment + least + self._chance.random() * (most - least)), take)


def _standing(order: Order) -> list[Invoice]:
    """The invoices that are not cancelled."""
    return [one for one in order.invoices if one.state != CANCELLED]
