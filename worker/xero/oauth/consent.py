"""Connecting an organisation: where to send the person, what comes back, and which organisations it opens.

https://developer.xero.com/documentation/guides/oauth2/auth-flow/ and RFC 7636 for PKCE.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from worker.ledger.records import TokenSet
from worker.xero.oauth.tokens import DATA_SCOPES, ConsentRevoked, Credentials, Flow, TokenEndpoint, TokenUnavailable
from worker.xero.replies.received import parse

_WANTED = "expected the address the browser is sent to once the access is allowed, with code= and state= in it"
SCOPES = f"offline_access {DATA_SCOPES}"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organisation that the consent opens. `id` goes into `xero-tenant-id`."""

    id: str
    name: str


class ConsentRefused(Exception):
    """The person declined, or the callback is not the answer to our question: start again."""


def new_state() -> str:
    """A value that ties the callback to our question."""
    return secrets.token_urlsafe(24)


def new_verifier() -> str:
    """A PKCE code verifier of 64 characters."""
    return secrets.token_urlsafe(48)


def authorise_url(
    credentials: Credentials, *, login_url: str, redirect_uri: str, state: str, verifier: str | None = None
) -> str:
    """The page to open in the person's browser. A `pkce` app needs the verifier."""
    pkce = {}
    if credentials.flow is Flow.PKCE:
        if verifier is None:
            raise ValueError("a pkce app needs a code verifier")
        pkce = {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
    url: str = prepare_grant_uri(
        login_url, credentials.client_id, "code", redirect_uri=redirect_uri, scope=SCOPES, state=state, **pkce
    )
    return url


def read_callback(uri: str, *, state: str) -> str:
    """The code of a callback. Raises `ConsentRefused`."""
    query = {name: values[0] for name, values in parse_qs(_query(uri)).items()}
    if query.keys().isdisjoint({"state", "code", "error"}):
        raise ConsentRefused(f"{_WANTED}; start again")
    if not secrets.compare_digest(query.get("state", "").encode(), state.encode()):
        raise ConsentRefused("the callback's state is not the one that was sent; start again")
    if "error" in query:
        raise ConsentRefused(f"xero says {query['error'][:80]!r}; start again and allow the access")
    if "code" not in query:
        raise ConsentRefused(f"the callback carries no code: {_WANTED}; start again")
    return query["code"]


def _query(uri: str) -> str:
    try:
        return urlsplit(uri).query
    except ValueError:
        return ""


async def exchange(
    endpoint: TokenEndpoint, credentials: Credentials, *, code: str, redirect_uri: str, verifier: str | None = None
) -> TokenSet:
    """The first token set; a code works once, for 5 minutes. Raises `TokenUnavailable`, `ConsentRevoked`."""
    proof = {"code_verifier": verifier} if credentials.flow is Flow.PKCE and verifier else {}
    return await endpoint.request(credentials, "authorization_code", code=code, redirect_uri=redirect_uri, **proof)


async def connections(http: httpx.AsyncClient, *, url: str, token: TokenSet) -> list[Tenant]:
    """The organisations that `token` opens. Raises `TokenUnavailable`, `ConsentRevoked`."""
    headers = {"Authorization": f"Bearer {token.access_token}", "Accept": "application/json"}
    try:
        response = await http.get(url, headers=headers)
    except httpx.RequestError as error:
        raise TokenUnavailable(f"xero's list of connections did not answer: {type(error).__name__}") from None
    if response.status_code in (401, 403):
        raise ConsentRevoked(f"xero's list of connections answered {response.status_code}")
    if not response.is_success:
        raise TokenUnavailable(f"xero's list of connections answered {response.status_code}")
    return [
        Tenant(id=str(item["tenantId"]), name=str(item.get("tenantName") or ""))
        for item in _listed(response.content)
        if item.get("tenantType", "ORGANISATION") == "ORGANISATION"
    ]


def _listed(body: bytes) -> list[dict[str, Any]]:
    try:
        items = parse(body)
    except ValueError:
        items = None
    if isinstance(items, list) and all(isinstance(one, dict) and "tenantId" in one for one in items):
        return items
    raise TokenUnavailable("xero's list of connections answered 200 with something else")
