"""The product's Xero client, put together against a running sandbox."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx

from tests.support.sandbox_fixture import PLAIN, SandboxControl
from tests.support.xero_fakes import MemoryLeases, MemoryTokens, call_from, call_of, known_of, write_of
from worker.clock import SystemClock
from worker.documents.documents import Kind, Write
from worker.ledger.records import Call, Document, Purpose, TokenSet
from worker.xero.client import XeroClient
from worker.xero.compose import compose
from worker.xero.oauth.auth import Leases, Tokens, XeroAuth
from worker.xero.oauth.consent import authorise_url, exchange, new_state, new_verifier, read_callback
from worker.xero.oauth.tokens import Credentials, Flow, TokenEndpoint
from worker.xero.transport import open_transport

CALLBACK = "http://localhost:8765/callback"
CONNECTION = "books"


def credentials_of(flow: Flow) -> Credentials:
    """The app of that kind that every sandbox knows."""
    return Credentials(flow, f"sandbox-{flow}", "" if flow is Flow.PKCE else "sandbox-secret")


@dataclass
class Spending:
    """Grants a second token `left` times, and keeps count."""

    left: int = 5
    spent: list[str] = field(default_factory=list)

    async def again(self, call_id: str) -> bool:
        self.spent.append(call_id)
        self.left -= 1
        return self.left >= 0


@dataclass
class SandboxXero:
    """One worker's way to the sandbox. `aclose` it."""

    sandbox: SandboxControl
    flow: Flow = Flow.CUSTOM
    leases: Leases = field(default_factory=MemoryLeases)
    tokens: Tokens = field(default_factory=MemoryTokens)
    deadline_s: float = 20
    tenant_id: str | None = None
    spending: Spending = field(default_factory=Spending)
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        token_url = f"{self.sandbox.url}/connect/token"
        connections_url = f"{self.sandbox.url}/connections"
        transport = open_transport(free=[token_url, connections_url])
        self.http = httpx.AsyncClient(transport=transport, trust_env=False, timeout=30)
        self.endpoint = TokenEndpoint(url=token_url, http=self.http, clock=SystemClock())
        self.auth = XeroAuth(
            connection=CONNECTION,
            credentials=credentials_of(self.flow),
            endpoint=self.endpoint,
            leases=self.leases,
            tokens=self.tokens,
            clock=SystemClock(),
        )
        self.client = XeroClient(
            api_url=f"{self.sandbox.url}/api.xro/2.0",
            tenant_id=self.tenant_id or self.sandbox.tenant_id(),
            auth=self.auth,
            transport=open_transport(on_sent=lambda: self.sent.append("sent")),
            spend_again=self.spending.again,
            deadline_s=self.deadline_s,
        )

    async def aclose(self) -> None:
        await self.http.aclose()
        await self.client.aclose()

    async def consent(self) -> TokenSet:
        """Let the person allow the access, and keep the tokens."""
        tokens = await self.ask_the_person()
        assert await self.tokens.swap(CONNECTION, 0, replace(tokens, generation=1))
        return tokens

    async def ask_the_person(self) -> TokenSet:
        """The way of `xerelay connect`: page, answer, callback, exchange."""
        state, verifier = new_state(), new_verifier() if self.flow is Flow.PKCE else None
        page = authorise_url(
            credentials_of(self.flow),
            login_url=f"{self.sandbox.url}/identity/connect/authorize",
            redirect_uri=CALLBACK,
            state=state,
            verifier=verifier,
        )
        async with httpx.AsyncClient(trust_env=False, timeout=30, verify=PLAIN) as browser:
            answer = await browser.post(page, data={"answer": "allow"})
        code = read_callback(answer.headers["location"], state=state)
        credentials = credentials_of(self.flow)
        return await exchange(self.endpoint, credentials, code=code, redirect_uri=CALLBACK, verifier=verifier)


def fresh(call: Call) -> Call:
    """The same call under another id and key, as the ledger opens each."""
    return replace(call, id=uuid.uuid4().hex, idempotency_key=uuid.uuid4().hex)


def writing(*writes: Write, documents: tuple[Document, ...] = ()) -> Call:
    """The call that `compose` makes of `writes`."""
    composed = compose(writes, known_of(*documents))
    assert not composed.leftover
    return fresh(call_from(composed))


def asking(kind: Kind | None, path: str, params: dict[str, str] | None = None) -> Call:
    """A GET."""
    call = call_of(purpose=Purpose.LOOKUP, kind=kind, method="GET", path=path, params=params or {}, body=None)
    return replace(call, id=uuid.uuid4().hex, idempotency_key=None)


def contact_write(entity_id: str, name: str | None = None, **changes: Any) -> Write:
    payload = {"Name": name or f"Customer {entity_id}", "ContactNumber": f"shop:{entity_id}"}
    return write_of(Kind.CONTACT, entity_id, payload, number=f"shop:{entity_id}", **changes)


def invoice_write(entity_id: str, contact_id: str, *, amount: str = "10.00", **changes: Any) -> Write:
    today = datetime.now(UTC).date().isoformat()
    tax = (Decimal(amount) / 5).quantize(Decimal("0.01"))
    line = {
        "Description": "Mug",
        "Quantity": Decimal(1),
        "UnitAmount": Decimal(amount),
        "AccountCode": "200",
        "TaxType": "OUTPUT2",
        "TaxAmount": tax,
    }
    number = f"I-shop-{entity_id}"
    payload = {
        "Type": "ACCREC",
        "InvoiceNumber": number,
        "Contact": {"ContactID": contact_id},
        "Date": today,
        "DueDate": today,
        "CurrencyCode": "GBP",
        "LineAmountTypes": "Exclusive",
        "Status": "AUTHORISED",
        "LineItems": [line],
    }
    return write_of(Kind.INVOICE, entity_id, payload, number=number, **changes)


def payment_write(entity_id: str, invoice_id: str, amount: str, **changes: Any) -> Write:
    payload = {
        "Invoice": {"InvoiceID": invoice_id},
        "Account": {"Code": "090"},
        "Date": datetime.now(UTC).date().isoformat(),
        "Amount": Decimal(amount),
        "Reference": f"P-shop-{entity_id}",
    }
    return write_of(Kind.PAYMENT, entity_id, payload, number=f"P-shop-{entity_id}", **changes)
