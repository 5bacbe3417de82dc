"""A small configuration that is right, for tests to spoil."""

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

MINIMAL = f"""
[broker]
url = "amqp://user:hidden-2@127.0.0.1/"

[ledger]
encryption_key = "{KEY}"

[connections.xero]
flow = "web"
client_id = "id"
client_secret = "hidden-1"

[organisations.main]
connection = "xero"
start_date = 2026-01-01

[organisations.main.accounts]
sales = "200"
shipping = "425"
discount = "260"
fee = "270"
rounding = "860"

[organisations.main.tax]
"20" = "OUTPUT2"
"none" = "NONE"

[stores.shop]
kind = "magento"
url = "https://shop.example.com"
organisation = "main"

[stores.shop.auth]
access_token = "hidden-3"
"""
