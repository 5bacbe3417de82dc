"""Xero's identity host: where tokens and the list of connections come from, at no cost to the budget."""

from __future__ import annotations

import httpx

from worker.clock import Clock
from worker.xero.oauth.tokens import TokenEndpoint
from worker.xero.transport import open_transport

IdentityClient = httpx.AsyncClient
"""HTTP that lets the token endpoint and the list of connections pass, and nothing else. Close it after use."""


def identity_client(*, identity_url: str, api_url: str) -> IdentityClient:
    """A client of its own for tokens and connections."""
    free = (token_url(identity_url), connections_url(api_url))
    return IdentityClient(transport=open_transport(free=free), trust_env=False)


def token_endpoint(http: IdentityClient, *, identity_url: str, clock: Clock) -> TokenEndpoint:
    """Where tokens are asked for."""
    return TokenEndpoint(url=token_url(identity_url), http=http, clock=clock)


def token_url(identity_url: str) -> str:
    """https://developer.xero.com/documentation/guides/oauth2/auth-flow/."""
    return f"{identity_url}/connect/token"


def connections_url(api_url: str) -> str:
    """https://developer.xero.com/documentation/best-practices/managing-connections/connections/."""
    return f"{api_url}/connections"
