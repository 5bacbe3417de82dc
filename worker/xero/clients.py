"""The ways to Xero: one client for each organisation, one token set for each connection, closed with the stack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from worker.clock import Clock
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call
from worker.settings import OrganisationSettings, Settings
from worker.settings.sections import ConnectionSettings
from worker.xero.client import XeroClient
from worker.xero.oauth.auth import XeroAuth
from worker.xero.oauth.consent import Tenant, connections
from worker.xero.oauth.identity import connections_url, identity_client, token_endpoint
from worker.xero.oauth.tokens import Credentials, Flow
from worker.xero.replies.reply import Reply
from worker.xero.transport import open_transport


class Clients:
    """Made on demand, kept until the stack ends."""

    def __init__(self, settings: Settings, ledger: Ledger, clock: Clock, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._stack = stack
        self._auths: dict[str, XeroAuth] = {}
        self._clients: dict[tuple[str, str], XeroClient] = {}

    def client(
        self,
        org: OrganisationSettings,
        *,
        spend_again: Callable[[str], Awaitable[bool]],
        on_sent: Callable[[], None] = lambda: None,
        on_reply: Callable[[Call, Reply, float], None] = lambda *_: None,
    ) -> XeroClient:
        """The client of `org`; the callbacks are those of the first time."""
        tenant_id = org.tenant_id or ""
        if (org.name, tenant_id) not in self._clients:
            client = XeroClient(
                api_url=f"{self._settings.xero.api_url}/api.xro/2.0",
                tenant_id=tenant_id,
                auth=self.auth(org.connection),
                transport=open_transport(on_sent=on_sent),
                spend_again=spend_again,
                on_reply=on_reply,
            )
            self._stack.push_async_callback(client.aclose)
            self._clients[org.name, tenant_id] = client
        return self._clients[org.name, tenant_id]

    def auth(self, name: str) -> XeroAuth:
        """The tokens of a connection."""
        if name not in self._auths:
            xero = self._settings.xero
            http = identity_client(identity_url=xero.identity_url, api_url=xero.api_url)
            self._stack.push_async_callback(http.aclose)
            self._auths[name] = XeroAuth(
                connection=name,
                credentials=credentials(self._settings.connections[name]),
                endpoint=token_endpoint(http, identity_url=xero.identity_url, clock=self._clock),
                leases=self._ledger.leases,
                tokens=self._ledger.tokens,
                clock=self._clock,
            )
        return self._auths[name]

    async def reached(self, name: str) -> list[Tenant]:
        """What a connection reaches now; asked each time. Raises as `XeroAuth.token` does."""
        xero, token = self._settings.xero, await self.auth(name).token()
        async with identity_client(identity_url=xero.identity_url, api_url=xero.api_url) as http:
            return await connections(http, url=connections_url(xero.api_url), token=token)


def credentials(connection: ConnectionSettings) -> Credentials:
    """The app's own."""
    secret = connection.client_secret.get_secret_value() if connection.client_secret else ""
    return Credentials(Flow(connection.flow), connection.client_id, secret)
