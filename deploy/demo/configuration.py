"""The demo's configuration file."""

from __future__ import annotations

from pathlib import Path

from cryptography.fernet import Fernet


def write_configuration(folder: Path, *, organisation: str, broker_url: str, xero_url: str) -> Path:
    """Write `xerelay.toml` below `folder`, readable by us alone; returns its path."""
    path = folder / "xerelay.toml"
    path.touch(mode=0o600)
    key = Fernet.generate_key().decode()
    path.write_text(_TOML.format(broker=broker_url, xero=xero_url, key=key, folder=folder, org=organisation))
    return path


_TOML = """\
[broker]
url = "{broker}"

[ledger]
url = "sqlite:///{folder}/ledger.db"
encryption_key = "{key}"

[xero]
api_url = "{xero}"
identity_url = "{xero}"
login_url = "{xero}"

[connections.demo]
flow = "custom"
client_id = "sandbox-custom"
client_secret = "sandbox-secret"

[organisations.{org}]
connection = "demo"
start_date = 2026-01-01
window = "4s"

[organisations.{org}.lanes]
customer = "immediate"
product = "immediate"
order = "immediate"
invoice = "immediate"
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
