"""The sandbox store's controls: it trades, and it says what the books should hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx

EVENTS_FOR_AN_ORDER = 24 / 7
"""Of 24 things that happen in the sandbox store, 7 are orders."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A running sandbox store. Its controls count as no requests."""

    http: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Shop]:
        """While the block lasts."""
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
            yield cls(http)

    async def show_late(self, seconds: float) -> None:
        """One change in five is seen only so many seconds after the time it bears."""
        await self._post("quirks", late_seconds=seconds)

    async def trade(self, orders: int, seconds: float) -> None:
        """Place so many orders in about that time, and let happen what else does."""
        await self._post("trade", orders=orders, per_second=EVENTS_FOR_AN_ORDER * orders / seconds)

    async def truth(self) -> Mapping[str, Any]:
        """The store's own counts, documents and payments, as its readers can see them."""
        return await self._get("truth")

    async def requests(self) -> int:
        """Requests of the agent so far."""
        return int((await self._get("audit"))["requests_total"])

    async def _get(self, name: str) -> Mapping[str, Any]:
        response = await self.http.get(f"/_sandbox/{name}")
        response.raise_for_status()
        return cast("Mapping[str, Any]", response.json())

    async def _post(self, name: str, **order: object) -> None:
        (await self.http.post(f"/_sandbox/{name}", json=order)).raise_for_status()


def credentials(lines: Sequence[str]) -> dict[str, str]:
    """What the store prints below its URL: a name and a value on each line."""
    return dict(line.split(" ", 1) for line in lines)
