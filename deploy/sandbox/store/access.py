"""Who may read what: the integration, its resources, Bearer tokens, administrators [store 1]."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from deploy.sandbox.store.errors import Json, Refused, bad_request, not_authorized, unauthorized
from deploy.sandbox.store.oauth import INTEGRATION, OAuth, Signed

RESOURCES = {
    "orders": "Magento_Sales::actions_view",
    "invoices": "Magento_Sales::sales_invoice",
    "creditmemos": "Magento_Sales::sales_creditmemo",
    "transactions": "Magento_Sales::transactions_fetch",
    "customers": "Magento_Customer::customer",
    "products": "Magento_Catalog::products",
    "taxRates": "Magento_Tax::manage_tax",
    "store": "Magento_Backend::store",
    "modules": "Magento_Backend::admin",
}
ADMIN = ("admin", "sandbox-Passw0rd")
_ADMIN_LIFETIME_S = 4 * 3600


@dataclass(slots=True)
class Access:
    """`bearer`: integration tokens work without a signature. `removed`: resources the integration has not."""

    bearer: bool = False
    two_factor: bool = True
    removed: set[str] = field(default_factory=set)
    oauth: OAuth = field(default_factory=OAuth)
    _admin_tokens: dict[str, float] = field(default_factory=dict)

    def admit(self, authorization: str, request: Signed, resource: str, now: float) -> None:
        """Raises Refused unless the caller may reach the resource."""
        scheme, _, token = authorization.partition(" ")
        if "OAuth " in authorization:
            self.oauth.check(authorization, request, now)
        elif scheme.lower() != "bearer" or not self._is_known(token.strip(), now):
            raise not_authorized(resource)  # a token that is not taken is no token
        if resource in self.removed:
            raise not_authorized(resource)

    def admin_token(self, order: Json, now: float) -> str:
        """A token for a name and a password, unless a second factor is asked for."""
        for name in ("username", "password"):
            if not order.get(name):
                raise bad_request('"%fieldName" is required. Enter and try again.', {"fieldName": name})
        if (order["username"], order["password"]) != ADMIN:
            raise unauthorized(
                "The account sign-in was incorrect or your account is disabled temporarily. "
                "Please wait and try again later."
            )
        if self.two_factor:
            message = "Please use the 2fa provider-specific endpoints to obtain a token."
            raise Refused(401, {"message": message, "parameters": {"active_providers": ["google"]}})
        token = secrets.token_hex(16)
        self._admin_tokens[token] = now + _ADMIN_LIFETIME_S
        return token

    def change(self, order: Json) -> None:
        """Take an order from a control. Raises Refused when it cannot be read."""
        if unknown := set(order) - {"bearer", "two_factor", "removed"}:
            text = f"unknown: {', '.join(sorted(unknown))}; known: bearer, two_factor, removed (a list of resources)"
            raise Refused(400, {"error": text})
        removed = set(order.get("removed", self.removed))
        if wrong := removed - set(RESOURCES.values()):
            raise Refused(400, {"error": f"no such resource: {', '.join(sorted(wrong))}"})
        self.removed = removed
        self.bearer = bool(order.get("bearer", self.bearer))
        self.two_factor = bool(order.get("two_factor", self.two_factor))

    def _is_known(self, token: str, now: float) -> bool:
        if token == INTEGRATION.token:
            return self.bearer
        return self._admin_tokens.get(token, 0.0) > now
