"""Granular scopes, and which of them an endpoint asks for [xero 1.6]."""

from __future__ import annotations

SIGN_IN = frozenset({"openid", "profile", "email", "offline_access"})
_AREAS = (
    "accounting.invoices",
    "accounting.payments",
    "accounting.banktransactions",
    "accounting.manualjournals",
    "accounting.contacts",
    "accounting.settings",
    "accounting.attachments",
)
ACCOUNTING = frozenset({scope for area in _AREAS for scope in (area, f"{area}.read")})
ASSIGNED = SIGN_IN | ACCOUNTING

_ENDPOINTS = {
    "contacts": ("accounting.contacts",),
    "items": ("accounting.invoices", "accounting.settings"),
    "invoices": ("accounting.invoices",),
    "creditnotes": ("accounting.invoices",),
    "payments": ("accounting.payments",),
    "accounts": ("accounting.settings",),
    "taxrates": ("accounting.settings",),
    "currencies": ("accounting.settings",),
    "organisation": ("accounting.settings",),
    "trackingcategories": ("accounting.settings",),
    "brandingthemes": ("accounting.settings",),
}


def allows(scopes: frozenset[str], endpoint: str, method: str) -> bool:
    """Whether a token may call an endpoint. One that is unknown here is left to answer 404."""
    areas = _ENDPOINTS.get(endpoint.lower())
    if areas is None:
        return True
    fitting = {*areas, *(f"{area}.read" for area in areas)} if method == "GET" else set(areas)
    return bool(scopes & fitting)
