"""How the demo's store is booked: its configuration says it to the worker, and the comparison expects it. Pure."""

from __future__ import annotations

TAX = {
    "GB-VAT-20": "OUTPUT2",
    "GB-VAT-5": "RROUTPUT",
    "FR-VAT-20": "OUTPUT2",
    "DE-VAT-19": "TAX003",
    "DE-VAT-7": "TAX005",
    "US-NY-STATE+US-NY-CITY": "TAX002",
}
"""The store's tax codes, and the tax types of the sandbox's chart."""

RATES = {"20": "OUTPUT2", "5": "RROUTPUT", "19": "TAX003", "7": "TAX005", "8.875": "TAX002"}
"""The same by rate: a row that a coupon made free has a rate and no tax, and Magento gives it no code."""

NO_TAX = "NONE"

BASE_CURRENCY = "GBP"
"""The organisation's."""

PAYMENTS = {
    "stripe_payments": "092",
    "paypal_express": "091",
    "banktransfer": "090",
    "gift_card": "841",
    "store_credit": "842",
}
"""The accounts that the store's payment methods pay into. Cheques have none: see `OFFLINE`."""

OFFLINE = frozenset({"banktransfer"})
"""Methods without a gateway whose invoices count as paid. Cheques do not: their money comes when it comes."""

NEVER_SOLD = frozenset({"configurable", "grouped"})
"""Types of products that become no item: what is bought of them is another product."""
