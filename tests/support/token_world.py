"""Tokens of one connection: an identity host, a ledger, and processes that share both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from tests.support.fakes import FakeClock
from tests.support.xero_fakes import IdentityHost, MemoryLeases, MemoryTokens
from worker.ledger.records import TokenSet
from worker.xero.oauth.auth import XeroAuth
from worker.xero.oauth.tokens import Credentials, Flow, TokenEndpoint

URL = "https://identity.example/connect/token"


@dataclass
class World:
    """One identity host and one ledger; each `auth()` is another process."""

    flow: Flow = Flow.WEB
    clock: FakeClock = field(default_factory=FakeClock)
    identity: IdentityHost = field(default_factory=IdentityHost)
    leases: MemoryLeases = field(default_factory=MemoryLeases)
    tokens: MemoryTokens = field(default_factory=MemoryTokens)

    def auth(self) -> XeroAuth:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.identity.handle))
        return XeroAuth(
            connection="c",
            credentials=Credentials(self.flow, "the-app", "" if self.flow is Flow.PKCE else "s3cret"),
            endpoint=TokenEndpoint(url=URL, http=http, clock=self.clock),
            leases=self.leases,
            tokens=self.tokens,
            clock=self.clock,
        )

    def connect(self, **changes: object) -> TokenSet:
        now = self.clock.now()
        tokens = TokenSet("access-0", now + timedelta(minutes=30), "refresh-0", now, generation=1, **changes)  # type: ignore[arg-type]  # the tests name real fields
        self.tokens.sets["c"] = tokens
        self.identity.accepts = {"refresh-0"}
        return tokens


def connected(flow: Flow = Flow.WEB) -> World:
    world = World(flow)
    world.connect()
    return world
