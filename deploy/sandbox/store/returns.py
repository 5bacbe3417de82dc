"""What comes back: credit memos of every kind, paid back through the gateway or in the books only [store 5.1]."""

from __future__ import annotations

from deploy.sandbox.store.billing import Refund, refund, refundable_quantities, take_back, with_parts
from deploy.sandbox.store.chance import Chance
from deploy.sandbox.store.model import CANCELLED, OPEN, REFUNDED, Invoice, Memo, Order
from deploy.sandbox.store.money import UNIT
from deploy.sandbox.store.registry import Entity, Kind, Registry
from deploy.sandbox.store.render_order import ONLINE_METHODS

WHOLE = 100
_KINDS = (*("everything",) * 8, *("rows",) * 7, *("shipping",) * 2, "half the shipping", *("goodwill",) * 2)
_FEE = 500
_GOODWILL = 500


class Returns:
    """Makes credit memos."""

    def __init__(self, registry: Registry, chance: Chance) -> None:
        self._registry = registry
        self._chance = chance

    def refund(self, order: Order, moment: int) -> bool:
        """A credit memo of some kind, where anything is left to refund. Whether another may follow."""
        wanted = self._wanted(order)
        if wanted is None:
            return False
        self._settle(self._made(order, wanted, moment), moment)
        # goodwill may be all that was left to pay back
        return order.state != "closed" and not wanted.positive

    def open(self, order: Order, moment: int) -> Memo | None:
        """A credit memo of some kind that is not paid back yet, where anything is left to refund."""
        wanted = self._wanted(order)
        if wanted is None:
            return None
        made = self._made(order, wanted, moment)
        made.state = OPEN
        self._registry.write(("creditmemos", made), ("orders", order))
        return made

    def close(self, memo: Memo, moment: int, *, pays: bool) -> None:
        """An open one is paid back, or cancelled: then all of it can be refunded again."""
        memo.updated = moment
        if pays:
            memo.state = REFUNDED
            self._settle(memo, moment)
            return
        take_back(memo)
        memo.state, memo.order.updated = CANCELLED, moment
        self._registry.write(("creditmemos", memo), ("orders", memo.order))

    def _made(self, order: Order, wanted: Refund, moment: int) -> Memo:
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
        return made

    def _settle(self, memo: Memo, moment: int) -> None:
        order = memo.order
        order.updated = moment
        if not refundable_quantities(order):
            order.state = order.status = "closed"
        written = self._pay_back(memo, moment)
        self._registry.write(*written, ("creditmemos", memo), ("orders", order))

    def _wanted(self, order: Order) -> Refund | None:
        """What is refunded. Where the kind that was drawn is not possible, goodwill; None where nothing was paid."""
        left = refundable_quantities(order)
        tops = [index for index in left if order.rows[index].parent is None]
        kind = self._chance.one_of(_KINDS)
        if kind == "everything" and tops:
            return Refund(left, shipping_percent=WHOLE)
        if kind == "rows" and tops and order.percent_off < WHOLE:
            return self._last_row(order, left, tops[-1])
        shipping = order.own.shipping.invoiced.minus(order.own.shipping.refunded)
        if "shipping" in kind and min(shipping.row, shipping.gross) > 1:
            return Refund({}, shipping_percent=WHOLE if kind == "shipping" else WHOLE // 2)
        paid = sum(one.own.amounts.grand_total for one in standing(order))
        paid -= sum(one.own.amounts.grand_total for one in order.refunds)
        return Refund({}, positive=min(_GOODWILL, paid // 2)) if paid > 1 else None

    def _last_row(self, order: Order, left: dict[int, int], index: int) -> Refund:
        """One piece of the last row, now and then less a fee, where it is worth more than twice that."""
        quantity = UNIT if left[index] % UNIT == 0 else left[index]
        quantities = with_parts(order, {index: quantity})
        charged = [one for one in quantities if order.rows[one].money]
        parts = (order.own.lines[one].sums.part(quantities[one], order.rows[one].quantity) for one in charged)
        fee = self._chance.happens(0.3) and sum(part.gross for part in parts) > 2 * _FEE
        return Refund(quantities, negative=_FEE if fee else 0)

    def _pay_back(self, memo: Memo, moment: int) -> list[tuple[Kind, Entity]]:
        """Through the gateway where one invoice took all the money, else in the books only."""
        order = memo.order
        paid = standing(order)
        refunded = sum(one.own.amounts.grand_total for one in order.refunds)
        online = order.method in ONLINE_METHODS and memo.own.amounts.grand_total > 0
        if not online or len(paid) != 1 or refunded > paid[0].own.amounts.grand_total:
            return []
        invoice = paid[0]
        capture = next(one for one in order.transactions if one.code == invoice.transaction)
        back = self._registry.transact(order, "refund", moment, f"{capture.code}-refund-{memo.id}", capture)
        memo.invoice, memo.transaction = invoice, back.code
        invoice.updated = moment
        order.last_transaction = back.code
        return [("transactions", back), ("invoices", invoice)]


def standing(order: Order) -> list[Invoice]:
    """The invoices that are not cancelled."""
    return [one for one in order.invoices if one.state != CANCELLED]
