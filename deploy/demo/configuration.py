"""Configuration files for the demo, and for tests beside a sandbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet

from deploy.demo.bookkeeping import NO_TAX, OFFLINE, PAYMENTS, RATES, TAX

POLL_S, LAG_S, WINDOW_S = 4, 5, 12
"""How often the agent asks, how old a change has to be for it, how often the batch lane is sent."""


def write_store_configuration(
    folder: Path,
    *,
    organisation: str,
    start_date: dt.date,
    broker_url: str,
    xero_url: str,
    store: str,
    store_url: str,
    credentials: Mapping[str, str],
) -> Path:
    """For the sandbox store and its agent, as `write` has it."""
    organisation_section = _BOOKS.format(
        org=organisation,
        start_date=start_date.isoformat(),
        window=WINDOW_S,
        tax=_table(TAX | RATES | {"none": NO_TAX}),
        payments=_table(PAYMENTS),
    )
    offline = ", ".join(f'"{method}"' for method in sorted(OFFLINE))
    values = {"org": organisation, "store": store, "url": store_url, "offline": offline, "poll": POLL_S, "lag": LAG_S}
    return write(folder, broker_url, xero_url, organisation_section + _STORE.format_map({**values, **credentials}))


def write(folder: Path, broker_url: str, xero_url: str, sections: str) -> Path:
    """Write `xerelay.toml` below `folder`, readable by us alone: the services, and `sections`. Returns its path."""
    path = folder / "xerelay.toml"
    path.touch(mode=0o600)
    key = Fernet.generate_key().decode()
    path.write_text(_COMMON.format(broker=broker_url, xero=xero_url, key=key, folder=folder) + sections)
    return path


def _table(values: Mapping[str, str]) -> str:
    return "\n".join(f'"{name}" = "{value}"' for name, value in values.items())


_COMMON = """\
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
"""

_BOOKS = """
[organisations.{org}]
connection = "demo"
start_date = {start_date}
window = "{window}s"

[organisations.{org}.limits]
day = 5000

[organisations.{org}.lanes]
customer = "immediate"
product = "batch"
order = "batch"
invoice = "immediate"
payment = "batch"
credit_memo = "batch"

[organisations.{org}.accounts]
sales = "200"
shipping = "210"
discount = "205"
fee = "260"
rounding = "860"
gift_card = "841"
store_credit = "842"
refund_adjustment = "408"

[organisations.{org}.tax]
{tax}

[organisations.{org}.payments]
{payments}
"""

_STORE = """
[stores.{store}]
kind = "magento"
url = "{url}"
organisation = "{org}"
poll = "{poll}s"
lag = "{lag}s"
offline_methods = [{offline}]

[stores.{store}.auth]
consumer_key = "{consumer_key}"
consumer_secret = "{consumer_secret}"
access_token = "{access_token}"
access_token_secret = "{access_token_secret}"
"""
