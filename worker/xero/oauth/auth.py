"""The bearer token of each request, refreshed by one process at a time and shared through the ledger."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from worker.clock import Clock
from worker.ledger.database.errors import WrongKey
from worker.ledger.records import Lease, TokenSet
from worker.xero.oauth.tokens import (
    DATA_SCOPES,
    GRACE,
    ConsentRevoked,
    Credentials,
    Flow,
    TokenEndpoint,
    TokenUnavailable,
)

EARLY = timedelta(minutes=2)
CONSENT_LASTS = timedelta(days=60)
"""How long a refresh token lives without use. https://developer.xero.com/documentation/guides/oauth2/token-types"""

IDLE = timedelta(days=7)
"""What nobody used for so long is refreshed, well before `CONSENT_LASTS`."""

_LEASE_S = 10.0
"""A little more than the identity host is given. Who dies while asking must not keep the others waiting for long; who
is only slow finds that another was first when it stores its tokens, and Xero takes a refresh token twice in `GRACE`."""

_PATIENCE_S = 30.0
_POLL_S = 0.1


class Leases(Protocol):
    """The ledger's leases, as far as tokens need them."""

    async def acquire(self, name: str, holder: str, ttl_s: float = ...) -> Lease | None:
        """The lease, unless another holds it."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give it up."""
        ...


class Tokens(Protocol):
    """The ledger's token sets."""

    async def load(self, connection: str) -> TokenSet | None:
        """The current set."""
        ...

    async def generation(self, connection: str) -> int:
        """The current set's, whatever key it was stored with."""
        ...

    async def swap(self, connection: str, expected_generation: int, new: TokenSet) -> bool:
        """Put `new`, if the current generation is the expected one; 0 stands for none."""
        ...


class XeroAuth:
    """One connection's tokens. Several requests, and several processes, may ask at once: one of them refreshes."""

    def __init__(
        self,
        *,
        connection: str,
        credentials: Credentials,
        endpoint: TokenEndpoint,
        leases: Leases,
        tokens: Tokens,
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._credentials = credentials
        self._endpoint = endpoint
        self._leases = leases
        self._tokens = tokens
        self._clock = clock
        self._holder = uuid.uuid4().hex
        self._one_at_a_time = asyncio.Lock()
        self._current: TokenSet | None = None
        self._turned_away: int | None = None

    def __repr__(self) -> str:
        return f"XeroAuth(connection={self._connection!r})"

    async def token(self) -> TokenSet:
        """A token that lasts. One in its last 2 minutes is used when it cannot be refreshed just now.

        Raises `TokenUnavailable`, `ConsentRevoked`, and what the ledger raises.
        """
        if self._current is None:
            self._current = await self._stored()
        current = self._current
        if current is not None and self._lasts(current) and current.generation != self._turned_away:
            return current
        try:
            return await self._renew(current.generation if current else 0)
        except TokenUnavailable:
            if current is not None and self._clock.now() < current.expires_at:
                return current
            raise

    async def proven(self) -> TokenSet:
        """A token set that Xero gave just now, to these credentials and to the consent that is stored.

        A refusal leaves what is stored as it is. Raises as `token` does.
        """
        return await self._renew(None)

    async def refuse(self, generation: int) -> None:
        """Xero says that the token of `generation` has expired: refresh, unless that has happened already."""
        await self._renew(generation)

    def forget(self) -> None:
        """Read the ledger anew at the next request: a person may have connected again.

        Client credentials get a token that is new: nobody connects them, and what a person mended in Xero, its scopes
        too, the stored one may not know for the 30 minutes that it lasts. It costs no call, and no refresh token.
        """
        if self._credentials.flow is Flow.CUSTOM and self._current is not None:
            self._turned_away = self._current.generation
        self._current = None

    async def refresh_if_idle(self) -> bool:
        """Refresh a token set that nobody refreshed for 7 days, so that the consent does not lapse."""
        stored = await self._stored()
        if stored is None or stored.refresh_token is None or stored.refreshed_at is None:
            return False
        if self._clock.now() - stored.refreshed_at < IDLE:
            return False
        await self._renew(stored.generation)
        return True

    def _lasts(self, token: TokenSet) -> bool:
        return self._clock.now() < token.expires_at - EARLY

    async def _renew(self, stale: int | None) -> TokenSet:
        """A token set of another generation than `stale`: stored by someone else meanwhile, or fetched now.

        Where `stale` is None whatever is stored is, and only what was fetched now will do.
        """
        patience_ends = self._clock.monotonic() + _PATIENCE_S
        async with self._one_at_a_time:
            while self._clock.monotonic() < patience_ends:
                self._current = await self._fresher_than(stale) or await self._refreshed(stale)
                if self._current is not None:
                    return self._current
                await self._clock.sleep(_POLL_S)
        raise TokenUnavailable(f"another worker has been refreshing {self._connection!r} for {_PATIENCE_S:.0f} s")

    async def _stored(self) -> TokenSet | None:
        """What the ledger has, as far as it is of use: client credentials need nothing of what they replace."""
        try:
            return await self._tokens.load(self._connection)
        except WrongKey:
            if self._credentials.flow is not Flow.CUSTOM:
                raise
            return None

    async def _fresher_than(self, stale: int | None) -> TokenSet | None:
        stored = await self._stored()
        return stored if self._is_fresher(stored, stale) else None

    def _is_fresher(self, stored: TokenSet | None, stale: int | None) -> bool:
        if stored is None or stale is None:
            return False
        return stored.generation != stale and self._lasts(stored)

    async def _refreshed(self, stale: int | None) -> TokenSet | None:
        """A new token set; `None` when another process holds the lease or stored one first."""
        lease = await self._leases.acquire(f"token:{self._connection}", self._holder, ttl_s=_LEASE_S)
        if lease is None:
            return None
        try:
            stored = await self._stored()
            if self._is_fresher(stored, stale):
                return stored
            generation = stored.generation if stored else await self._tokens.generation(self._connection)
            try:
                new = await self._fetch(stored)
            except ConsentRevoked:
                if await self._tokens.generation(self._connection) != generation:
                    return None  # a person connected again, or the lease ran out, while this one asked
                raise
            new = replace(new, generation=generation + 1)
            return new if await self._tokens.swap(self._connection, generation, new) else None
        finally:
            await self._leases.release(lease)

    async def _fetch(self, stored: TokenSet | None) -> TokenSet:
        if self._credentials.flow is Flow.CUSTOM:
            return await self._endpoint.request(self._credentials, "client_credentials", scope=DATA_SCOPES)
        if stored is None or stored.refresh_token is None:
            cure = f"run `xerelay connect {self._connection}`"
            raise ConsentRevoked(f"connection {self._connection!r} has no consent yet", cure=cure)
        try:
            return await self._exchange(stored, stored.refresh_token)
        except ConsentRevoked as refusal:
            previous = self._in_grace(stored)
            if refusal.error != "invalid_grant" or previous is None:
                raise
            return await self._exchange(stored, previous)

    def _in_grace(self, stored: TokenSet) -> str | None:
        until = stored.previous_until
        return stored.previous_refresh_token if until is not None and self._clock.now() < until else None

    async def _exchange(self, stored: TokenSet, refresh_token: str) -> TokenSet:
        new = await self._endpoint.request(self._credentials, "refresh_token", refresh_token=refresh_token)
        return replace(
            new,
            refresh_token=new.refresh_token or refresh_token,
            scope=new.scope or stored.scope,
            previous_refresh_token=refresh_token,
            previous_until=self._clock.now() + GRACE,
        )
