"""A running Xero sandbox in a process of its own, and how a test speaks to it."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.forked import first_line, serving

START_S = 60
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Of clients that speak HTTP alone: httpx's own reads each authority's certificate, 30 ms for each client."""


class SandboxControl:
    """The controls of a running sandbox. `url` is its root; the API is below `url/api.xro/2.0`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30, verify=PLAIN)

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str, **query: str) -> Any:
        reply = self._http.get(path, params=query)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def _post(self, path: str, order: dict[str, Any]) -> Any:
        reply = self._http.post(path, json=order)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def audit(self, **query: str) -> Any:
        """Calls, refusals, documents, duplicates, sums; `organisation=` narrows it to one."""
        return self._get("/_sandbox/audit", **query)

    def counts(self) -> Any:
        """The audit's `calls_total`, `documents` and `statuses` alone, which cost the sandbox next to nothing."""
        return self._get("/_sandbox/counts")

    def documents(self, kind: str, **query: str) -> Any:
        """All documents of a kind: contacts, items, invoices, credit_notes, payments."""
        return self._get("/_sandbox/documents", kind=kind, **query)

    def fault(self, kind: str, after_calls: int = 0, count: int = 1, **more: Any) -> None:
        """Let something go wrong; `seconds`, `endpoint` (such as `/Invoices`) and `method` narrow it."""
        self._post("/_sandbox/faults", {"kind": kind, "after_calls": after_calls, "count": count, **more})

    def limits(self, **caps: int) -> Any:
        """Set `minute`, `day`, `concurrent`, `app_minute`, `latency_ms`; returns all of them."""
        return self._post("/_sandbox/limits", caps)

    def advance(self, seconds: float) -> None:
        self._post("/_sandbox/clock", {"advance_seconds": seconds})

    def person(self, do: str, **order: Any) -> Any:
        """Let a person do something in the organisation behind the app's back."""
        return self._post("/_sandbox/person", {"do": do, **order})

    def tenant_id(self, organisation: str = "main") -> str:
        known = {one["name"]: one["tenantId"] for one in self._get("/_sandbox/organisations")}
        return str(known[organisation])

    def reset(self) -> None:
        self._post("/_sandbox/reset", {})


class XeroCaller:
    """A plain client with a token, for tests that speak to the API without the product."""

    def __init__(self, sandbox: SandboxControl, *, scope: str = "") -> None:
        self.sandbox = sandbox
        self.token = client_credentials(sandbox.url, scope=scope)["access_token"]
        self.tenant = sandbox.tenant_id()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "xero-tenant-id": self.tenant,
            "Accept": "application/json",
        }
        self.http = httpx.Client(base_url=f"{sandbox.url}/api.xro/2.0", headers=headers, timeout=30, verify=PLAIN)

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query)

    def put(self, path: str, body: Any, *, key: str | None = None, **query: Any) -> httpx.Response:
        return self._send("PUT", path, body, key, query)

    def post(self, path: str, body: Any, *, key: str | None = None, **query: Any) -> httpx.Response:
        return self._send("POST", path, body, key, query)

    def delete(self, path: str) -> httpx.Response:
        return self.http.delete(path)

    def _send(self, method: str, path: str, body: Any, key: str | None, query: dict[str, Any]) -> httpx.Response:
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self.http.request(method, path, json=body, params=query, headers=headers)


def client_credentials(url: str, *, scope: str = "") -> Any:
    """The reply of the token endpoint to the custom connection every sandbox knows."""
    form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
    auth = ("sandbox-custom", "sandbox-secret")
    reply = httpx.post(f"{url}/connect/token", data=form, auth=auth, timeout=30, verify=PLAIN)
    assert reply.status_code == 200, reply.text
    return reply.json()


def run_sandbox(*arguments: str) -> Iterator[SandboxControl]:
    """Start a sandbox, yield its controls, end it by its process."""
    with serving("deploy.sandbox.xero", ["--port", "0", *arguments]) as output:
        control = SandboxControl(first_line(output, within_s=START_S))
        yield control
        control.close()


@pytest.fixture
def sandbox() -> Iterator[SandboxControl]:
    """A sandbox of one organisation, `main`."""
    yield from run_sandbox()


@pytest.fixture
def xero(sandbox: SandboxControl) -> Iterator[XeroCaller]:
    """A client of the sandbox with a token of the custom connection."""
    caller = XeroCaller(sandbox)
    yield caller
    caller.close()
