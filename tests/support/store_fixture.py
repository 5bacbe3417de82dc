"""A running store sandbox in a process of its own, and how a test speaks to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import httpx

from tests.support.forked import first_line, serving
from tests.support.sandbox_fixture import PLAIN, START_S

CREDENTIALS = 6


class StoreSandbox:
    """A running store: its controls, and its API with a Bearer token or a signature."""

    def __init__(self, url: str, credentials: dict[str, str]) -> None:
        self.url = url
        self.credentials = credentials
        self.http = httpx.Client(base_url=url, timeout=30, verify=PLAIN)

    def close(self) -> None:
        self.http.close()

    def control(self, name: str, **order: Any) -> Any:
        """POST a control; its answer."""
        reply = self.http.post(f"/_sandbox/{name}", json=order)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def truth(self) -> Any:
        return self.http.get("/_sandbox/truth").json()

    def audit(self) -> Any:
        return self.http.get("/_sandbox/audit").json()

    def get(self, path: str, query: str = "", *, token: str | None = None) -> httpx.Response:
        """GET below `/rest/` with a Bearer token; `query` as it will be sent."""
        bearer = self.credentials["access_token"] if token is None else token
        url = f"{self.url}/rest/{path}" + (f"?{query}" if query else "")
        return self.http.get(url, headers={"Authorization": f"Bearer {bearer}"})

    def items(self, path: str, query: str) -> list[dict[str, Any]]:
        """The items of a list."""
        reply = self.get(f"V1/{path}", query)
        assert reply.status_code == 200, reply.text
        items: list[dict[str, Any]] = reply.json()["items"]
        return items

    def signed(self, path: str, query: str = "", **changes: str) -> httpx.Response:
        """GET below `/rest/` with a signature; `changes` replace parameters before it is made."""
        url = f"{self.url}/rest/{path}" + (f"?{query}" if query else "")
        return self.http.get(url, headers={"Authorization": self.signature(url, **changes)})

    def signature(self, url: str, **changes: str) -> str:
        """The header that signs a GET of this URL."""
        given = {
            "oauth_consumer_key": self.credentials["consumer_key"],
            "oauth_token": self.credentials["access_token"],
            "oauth_nonce": secrets.token_hex(16),
            "oauth_timestamp": str(int(time.time())),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_version": "1.0",
        } | changes
        plain, _, query = url.partition("?")
        pairs = [pair.split("=") for pair in query.split("&") if pair.count("=") == 1]
        signed = [*given.items(), *((unquote(name), unquote(value)) for name, value in pairs)]
        normal = "&".join(sorted(f"{_encoded(name)}={_encoded(value)}" for name, value in signed))
        base = "&".join(("GET", _encoded(plain), _encoded(normal)))
        key = f"{self.credentials['consumer_secret']}&{self.credentials['access_token_secret']}"
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
        given["oauth_signature"] = base64.b64encode(digest).decode()
        return "OAuth " + ",".join(f'{name}="{_encoded(value)}"' for name, value in given.items())


def where(*filters: tuple[str, str, str], **more: Any) -> str:
    """A query of filters that all have to hold: field, condition, value; `sort`, `size` and `page` beside them."""
    parts = []
    for place, (field, condition, value) in enumerate(filters):
        start = f"searchCriteria[filter_groups][{place}][filters][0]"
        parts += [
            f"{start}[field]={field}",
            f"{start}[condition_type]={condition}",
            f"{start}[value]={_encoded(value)}",
        ]
    for place, field in enumerate(more.get("sort", ())):
        start = f"searchCriteria[sortOrders][{place}]"
        parts += [f"{start}[field]={field}", f"{start}[direction]=ASC"]
    if "size" in more:
        parts.append(f"searchCriteria[pageSize]={more['size']}")
    if "page" in more:
        parts.append(f"searchCriteria[currentPage]={more['page']}")
    return "&".join(parts) or "searchCriteria"


def run_store(*arguments: str, within_s: float = START_S) -> Iterator[StoreSandbox]:
    """Start a store, yield it, end it by its process."""
    with serving("deploy.sandbox.store", ["--port", "0", *arguments]) as output:
        url = first_line(output, within_s=within_s)
        lines = [output.readline().split() for _ in range(CREDENTIALS)]
        store = StoreSandbox(url, dict(lines))
        yield store
        store.close()


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")
