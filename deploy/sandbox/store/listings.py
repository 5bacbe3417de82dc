"""The lists of the API: what they can be filtered by, and what stands in a path [store 2.2]."""

from __future__ import annotations

from deploy.sandbox.store.registry import Kind
from deploy.sandbox.store.search import Listing


def _fields(names: str) -> frozenset[str]:
    return frozenset(names.split())


_TOTALS = "increment_id store_id state created_at updated_at grand_total subtotal tax_amount order_currency_code"
LISTINGS: dict[Kind, Listing] = {
    "customers": Listing(
        "entity_id",
        "id",
        _fields("email website_id store_id group_id firstname lastname created_at updated_at created_in taxvat"),
    ),
    "products": Listing(
        "entity_id",
        "id",
        _fields("sku name price status type_id visibility attribute_set_id created_at updated_at website_id"),
        shuffles=True,
    ),
    "orders": Listing(
        "entity_id",
        "entity_id",
        _fields(f"{_TOTALS} status customer_id customer_email customer_is_guest is_virtual quote_id coupon_code"),
    ),
    "invoices": Listing("entity_id", "entity_id", _fields(f"{_TOTALS} order_id transaction_id")),
    "creditmemos": Listing("entity_id", "entity_id", _fields(f"{_TOTALS} order_id invoice_id transaction_id")),
    "transactions": Listing(
        "transaction_id",
        "transaction_id",
        _fields("order_id payment_id txn_id parent_txn_id parent_id txn_type is_closed created_at"),
        has_updated=False,
    ),
}
TAX_RATES = Listing("tax_calculation_rate_id", "id", _fields("code rate tax_country_id"), has_updated=False)

# where a list is found, and where one of its entities is
PATHS: dict[str, Kind] = {
    "customers/search": "customers",
    "products": "products",
    "orders": "orders",
    "invoices": "invoices",
    "creditmemos": "creditmemos",
    "transactions": "transactions",
}
SINGLES: dict[str, Kind] = {
    "customers": "customers",
    "orders": "orders",
    "invoices": "invoices",
    "creditmemo": "creditmemos",
    "transactions": "transactions",
}
