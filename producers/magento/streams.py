"""The streams of a Magento store, and the lists they are read from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from producers.magento.lists import ListSpec
from producers.store import Stream
from schemas.entities import Entity

CUSTOMERS = Stream("customers", frozenset({Entity.CUSTOMER}))
PRODUCTS = Stream("products", frozenset({Entity.PRODUCT}))
ORDERS = Stream("orders", frozenset({Entity.ORDER}))
INVOICES = Stream("invoices", frozenset({Entity.INVOICE, Entity.PAYMENT}))
CREDIT_MEMOS = Stream("credit_memos", frozenset({Entity.CREDIT_MEMO, Entity.PAYMENT}))
STREAMS = (CUSTOMERS, PRODUCTS, ORDERS, INVOICES, CREDIT_MEMOS)

OF_ORDERS = (INVOICES, CREDIT_MEMOS)
"""Their rows are told together with their order, and change when it does."""

TRANSACTIONS = "transactions"

LISTS: Mapping[str, ListSpec] = {
    CUSTOMERS.name: ListSpec("V1/customers/search", shown_key="id"),
    # in the scope of all store views, so that names are the catalogue's own
    PRODUCTS.name: ListSpec("all/V1/products", shown_key="id"),
    ORDERS.name: ListSpec("V1/orders"),
    INVOICES.name: ListSpec("V1/invoices"),
    CREDIT_MEMOS.name: ListSpec("V1/creditmemos"),
    TRANSACTIONS: ListSpec("V1/transactions", key="transaction_id", shown_key="transaction_id"),
}

_OF_THEMSELVES = frozenset({CUSTOMERS.name, PRODUCTS.name})


def lists_of(streams: Collection[Stream]) -> frozenset[str]:
    """The names of the lists that rows of these are told from: a sale's from all those of sales."""
    names = frozenset(stream.name for stream in streams)
    return names if names <= _OF_THEMSELVES else names | (LISTS.keys() - _OF_THEMSELVES)
