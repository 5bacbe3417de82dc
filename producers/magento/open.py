"""Opening a store from plain values."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from producers.magento.advice import OTHER_TOKEN
from producers.magento.auth import Bearer, Signed
from producers.magento.client import Client
from producers.magento.signature import Integration
from producers.magento.source import SETTINGS, MagentoStore
from producers.magento.streams import LISTS
from producers.store import StoreRefuses, StoreSource

PAGE_SIZE = 100
"""Rows asked for at a time; a store that allows fewer says so. Magento loads each order of a page by itself."""

_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")


@dataclass(frozen=True, slots=True)
class Access:
    """An integration's values: all four sign each request; `access_token` alone is sent as a bearer token."""

    access_token: str = field(repr=False)
    consumer_key: str | None = field(default=None, repr=False)
    consumer_secret: str | None = field(default=None, repr=False)
    access_token_secret: str | None = field(default=None, repr=False)

    @property
    def integration(self) -> Integration | None:
        """The four values, where there are four."""
        if self.consumer_key is None or self.consumer_secret is None or self.access_token_secret is None:
            return None
        return Integration(self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret)

    @property
    def secrets(self) -> tuple[str, ...]:
        """All values there are."""
        values = (self.access_token, self.consumer_key, self.consumer_secret, self.access_token_secret)
        return tuple(value for value in values if value)


@asynccontextmanager
async def open_store(
    *,
    url: str,
    access: Access,
    offline_methods: frozenset[str] = frozenset(),
    page_size: int = PAGE_SIZE,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[StoreSource]:
    """The store at `url`, its base URL without `/rest`. Nothing is asked of it yet: `check` does.

    `offline_methods` are the payment methods whose invoices and refunds count as money that moved, although no gateway
    proves it. Raises `StoreRefuses` for a token that cannot serve for long.
    """
    if _JWT.fullmatch(access.access_token):
        raise StoreRefuses(f"access_token is not an integration's: {OTHER_TOKEN}")
    integration = access.integration
    client = Client(
        url=url,
        auth=Signed(integration, wall=time.time) if integration else Bearer(access.access_token),
        secrets=access.secrets,
        sleep=sleep,
        probes=() if integration else (*SETTINGS, *(spec.path for spec in LISTS.values())),
    )
    try:
        yield MagentoStore(client, offline_methods=offline_methods, page_size=page_size)
    finally:
        await client.aclose()
