"""What to change, in words for the one who runs the store. Pure."""

from __future__ import annotations

INTEGRATION = "System > Extensions > Integrations"
CHECK_URL = "check url: it is the store's base URL, without /rest"
BEARER_OFF = (
    "the store takes no bearer token, or not this one: switch on Stores > Configuration > Services > OAuth > Consumer "
    "Settings > Allow OAuth Access Tokens to be used as standalone Bearer tokens, or configure all four values of the "
    f"integration; see that it is active in {INTEGRATION}"
)
OTHER_TOKEN = (
    "this is the token of an administrator, which ends after hours and needs a second factor: "
    f"create an integration in {INTEGRATION} and configure its four values"
)

_RESOURCES = {
    "Magento_Sales::actions_view": "Sales > Operations > Orders > Actions > View",
    "Magento_Sales::sales_invoice": "Sales > Operations > Invoices",
    "Magento_Sales::sales_creditmemo": "Sales > Operations > Credit Memos",
    "Magento_Sales::transactions_fetch": "Sales > Operations > Transactions > Fetch",
    "Magento_Customer::customer": "Customers",
    "Magento_Catalog::products": "Catalog > Inventory > Products",
    "Magento_Backend::store": "Stores > Settings > All Stores",
}
# the beginning of what Magento says, in small letters, and what is behind it
_CAUSES = (
    ("signature", "check consumer_secret and access_token_secret; behind a proxy, that Magento knows its own address"),
    ("timestamp", "set the clock of this machine"),
    ("nonce", "set the clock of this machine, and see that no other program uses this integration's keys"),
    ("consumer", f"check consumer_key; see that the integration is active in {INTEGRATION}"),
    ("token", f"check access_token; see that the integration is active in {INTEGRATION}, or reauthorize it"),
)
_ANY_CAUSE = f"check the four values of the integration, and that it is active in {INTEGRATION}"


def allow(*resources: str) -> str:
    """Which permissions to give, as Magento names them and as its page shows them."""
    named = [f"{one} ({_RESOURCES[one]})" if one in _RESOURCES else one for one in resources]
    return f"give the integration {', '.join(named)} in {INTEGRATION} > API, then reauthorize it"


def explain(message: str) -> str:
    """What to check after a 401 with this message of Magento's."""
    said = message.lower()
    return next((cause for word, cause in _CAUSES if word in said), _ANY_CAUSE)
