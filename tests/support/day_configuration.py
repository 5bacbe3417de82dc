"""The configuration of a worker to which a generated day is published, beside a sandbox Xero."""

from __future__ import annotations

from pathlib import Path

from deploy.demo.configuration import write


def write_configuration(folder: Path, *, organisation: str, broker_url: str, xero_url: str) -> Path:
    """Write `xerelay.toml` below `folder`, readable by us alone; returns its path."""
    return write(folder, broker_url, xero_url, _DAY.format(org=organisation))


_DAY = """
[organisations.{org}]
connection = "demo"
start_date = 2026-01-01
window = "4s"

[organisations.{org}.lanes]
customer = "immediate"
product = "immediate"
order = "immediate"
invoice = "batch"
payment = "batch"
credit_memo = "batch"

[organisations.{org}.accounts]
sales = "200"
shipping = "210"
discount = "205"
fee = "260"
rounding = "860"
refund_adjustment = "260"

[organisations.{org}.tax]
"GB-VAT-20" = "OUTPUT2"
"GB-VAT-5" = "RROUTPUT"
"GB-VAT-0" = "ZERORATEDOUTPUT"
none = "NONE"

[organisations.{org}.payments]
stripe = "092"
paypal = "091"
banktransfer = "090"
"""
