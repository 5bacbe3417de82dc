"""Xero's token endpoint: who we are, what to send, and what its answers mean (RFC 6749).

https://developer.xero.com/documentation/guides/oauth2/auth-flow/
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request

from worker.clock import Clock
from worker.ledger.records import TokenSet
from worker.xero.replies.received import kept

TIMEOUT_S = 8.0
"""From connecting to the last byte of the answer. The host answers within a second as a rule."""

GRACE = timedelta(minutes=30)
"""A replaced refresh token may be used again for so long. https://developer.xero.com/documentation/guides/oauth2/token-types"""

DATA_SCOPES = "accounting.contacts accounting.invoices accounting.payments accounting.settings.read"
_LIFETIME_S, _LONGEST_S = 1800.0, 86_400.0
_TRANSIENT = frozenset({"temporarily_unavailable", "server_error"})
_TOKEN = re.compile(r"[\x20-\x7e]+")  # RFC 6749, A.12
_OK = 200
_REFUSALS = frozenset({400, 401, 403})


class AuthError(Exception):
    """No access token can be had.

    AuthError
    ├── TokenUnavailable   nothing is wrong with the consent: wait, then try again
    └── ConsentRevoked     a person has to connect again, or to correct the app's credentials
    """


class TokenUnavailable(AuthError):
    """The identity host, or another worker that is refreshing, did not deliver in time."""


class ConsentRevoked(AuthError):
    """`error` is the code of RFC 6749, such as `invalid_grant`. `said` is the message without its cure."""

    def __init__(self, said: str, *, error: str = "", cure: str = "") -> None:
        super().__init__(f"{said}; {cure}" if cure else said)
        self.said = said
        self.error = error


class Flow(StrEnum):
    """How an app is authorised: custom connection (client credentials), web app (Basic), or PKCE (no secret)."""

    CUSTOM = "custom"
    WEB = "web"
    PKCE = "pkce"


@dataclass(frozen=True, slots=True)
class Credentials:
    """One app as it is registered with Xero."""

    flow: Flow
    client_id: str
    client_secret: str = field(default="", repr=False)


class TokenEndpoint:
    """Asks for tokens. Holds no state; `http` must let the endpoint's URL pass without a grant."""

    def __init__(self, *, url: str, http: httpx.AsyncClient, clock: Clock) -> None:
        self._url = url
        self._http = http
        self._clock = clock

    async def request(self, credentials: Credentials, grant_type: str, **fields: str) -> TokenSet:
        """A token set, its `refresh_token` as the reply gives it. Raises `TokenUnavailable`, `ConsentRevoked`."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        method = "none" if credentials.flow is Flow.PKCE else "client_secret_basic"
        client = ClientAuth(credentials.client_id, credentials.client_secret, method)
        form = prepare_token_request(grant_type, **fields)
        url, headers, form = client.prepare("POST", self._url, headers, form)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                response = await self._http.post(url, content=form, headers=headers, timeout=TIMEOUT_S)
        except (httpx.RequestError, TimeoutError) as error:
            # the error's chain would hold the request with its secrets
            raise TokenUnavailable(f"the identity host did not answer: {type(error).__name__}") from None
        return read_tokens(response.status_code, _json(response), self._clock.now())


def read_tokens(status: int, reply: dict[str, Any], now: datetime) -> TokenSet:
    """The token set of a reply. Raises `TokenUnavailable`, `ConsentRevoked`.

    A refusal names its error (RFC 6749, 5.2): a reply without one is a proxy's, and says nothing of the consent.
    """
    if status != _OK:
        error = str(reply.get("error") or "")[:80]
        if status in _REFUSALS and error and error not in _TRANSIENT:
            raise ConsentRevoked(f"xero's identity host refused: {error}", error=error)
        raise TokenUnavailable(f"the identity host answered {status} {error}".rstrip())
    access_token, refresh_token = reply.get("access_token"), reply.get("refresh_token")
    if not isinstance(access_token, str) or not _TOKEN.fullmatch(access_token):
        raise TokenUnavailable("the identity host answered 200 without an access_token that can be sent")
    return TokenSet(
        access_token=access_token,
        expires_at=now + timedelta(seconds=_lifetime_s(reply.get("expires_in"))),
        refresh_token=refresh_token if isinstance(refresh_token, str) else None,
        refreshed_at=now,
        scope=str(reply.get("scope") or ""),
    )


def _lifetime_s(said: Any) -> float:
    """What is no time to come is Xero's usual one: to refuse the reply would lose its refresh token."""
    try:
        seconds = float(said)
    except (TypeError, ValueError, OverflowError):
        return _LIFETIME_S
    return min(seconds, _LONGEST_S) if seconds > 0 else _LIFETIME_S


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        reply = kept(response.json())
    except (ValueError, RecursionError):
        return {}
    return reply if isinstance(reply, dict) else {}
