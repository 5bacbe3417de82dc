"""What the rows of a page need from other lists, in one request for each list rather than one for each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from producers.magento.lists import ListReader
from producers.magento.translate.payments import Transactions, transaction_id, transactions
from producers.magento.translate.values import Raw, Unreadable, amount, extension, number

_CAPTURES = ("capture", "payment", "order")
_REFUNDS = ("refund",)


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists that sales are made of."""

    orders: ListReader
    invoices: ListReader
    credit_memos: ListReader
    transactions: ListReader


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders by id, and why others cannot be read. An order in neither is gone."""

    found: Mapping[int, Raw]
    broken: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ByOrder:
    """The rows of a list by their order, and why those of other orders cannot be read."""

    found: Mapping[int, Sequence[Raw]]
    broken: Mapping[int, str]

    def of(self, order_id: int) -> Sequence[Raw]:
        """All of an order's. Raises `Unreadable` where one of them cannot be read."""
        if order_id in self.broken:
            raise Unreadable(f"what belongs to its order {order_id} cannot be read: {self.broken[order_id]}")
        return self.found.get(order_id, ())


@dataclass(frozen=True, slots=True)
class TransactionTimes:
    """When gateways' transactions were made, and why those of other orders cannot be read."""

    found: Transactions
    broken: Mapping[int, str]

    def for_document(self, document: Raw) -> Transactions:
        """All that were found. Raises `Unreadable` where the document's own may be among those that cannot be read.

        Otherwise its money would silently have moved on the document's day.
        """
        order_id, own = number(document.get("order_id")) or 0, transaction_id(document)
        if own and order_id in self.broken and (order_id, own) not in self.found:
            raise Unreadable(f"the transactions of its order {order_id} cannot be read: {self.broken[order_id]}")
        return self.found


async def orders_of(documents: Iterable[Raw], lists: Lists, known: Mapping[int, Raw]) -> Orders:
    """The orders of invoices or credit memos; those `known` are not asked for again."""
    missing = order_ids(documents) - known.keys()
    piece = await lists.orders.of_keys(missing)
    found = {lists.orders.key_of(row): row for row in piece.rows}
    return Orders({**known, **found}, {one.id: one.reason for one in piece.broken})


async def of_orders(ids: Collection[int], reader: ListReader) -> ByOrder:
    """The rows of a list by their order."""
    piece = await reader.of_keys(ids, "order_id")
    grouped: defaultdict[int, list[Raw]] = defaultdict(list)
    for row in piece.rows:
        grouped[number(row.get("order_id")) or 0].append(row)
    return ByOrder(grouped, piece.lacking)


async def captures(invoices: Iterable[Raw], lists: Lists) -> TransactionTimes:
    """When the invoices' captures were made."""
    return await _transactions(invoices, lists, _CAPTURES)


async def refunds(credit_memos: Iterable[Raw], lists: Lists) -> TransactionTimes:
    """When the credit memos' refunds were made."""
    return await _transactions(credit_memos, lists, _REFUNDS)


async def memos_where_credit_went_back(orders: Iterable[Raw], lists: Lists) -> ByOrder:
    """All credit memos of the orders whose refunds became store credit: it takes all to tell whose."""
    ids = {lists.orders.key_of(order) for order in orders if _credit_may_have_gone_back(order)}
    return await of_orders(ids, lists.credit_memos)


def order_ids(documents: Iterable[Raw]) -> set[int]:
    """The ids of their orders."""
    return {found for one in documents if (found := number(one.get("order_id"))) is not None}


def _credit_may_have_gone_back(order: Raw) -> bool:
    """So too where the order does not say it readably: that is told of each of its memos, and of no other order's."""
    try:
        return amount(extension(order), "customer_balance_total_refunded") > 0
    except Unreadable:
        return True


async def _transactions(documents: Iterable[Raw], lists: Lists, kinds: Sequence[str]) -> TransactionTimes:
    ids = order_ids(one for one in documents if transaction_id(one))
    piece = await lists.transactions.of_keys(ids, "order_id")
    return TransactionTimes(transactions(piece.rows, kinds), piece.lacking)
