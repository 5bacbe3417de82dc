"""Apps, consents and tokens: the state of OAuth 2.0 [xero 1]."""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from deploy.sandbox.xero.clock import SandboxClock
from deploy.sandbox.xero.scopes import ASSIGNED
from deploy.sandbox.xero.store import TENANT_SPACE

ACCESS_S = 1800
CODE_S = 300
GRACE_S = 1800
REFRESH_S = 60 * 86_400
USER_ID = str(uuid.uuid5(TENANT_SPACE, "user"))


class OAuthRefused(Exception):
    """The token endpoint refuses; `error` is OAuth's word for why."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class App:
    """A registered app. `kind` is `custom`, `web` or `pkce`; one organisation belongs to a custom one."""

    client_id: str
    kind: str
    secret: str | None = None
    scopes: frozenset[str] = ASSIGNED


@dataclass(slots=True)
class Connection:
    """An app may reach an organisation."""

    connection_id: str
    tenant_id: str
    auth_event_id: str
    created: datetime
    updated: datetime


@dataclass(slots=True)
class Code:
    """An authorisation code, good once."""

    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    auth_event_id: str
    challenge: str | None
    expires: float


@dataclass(slots=True)
class Grant:
    """A person's consent: the refresh token of today, and the one before it while its grace lasts."""

    client_id: str
    scopes: frozenset[str]
    auth_event_id: str
    current: str = ""
    current_expires: float = 0
    previous: str = ""
    previous_until: float = 0


@dataclass(frozen=True, slots=True)
class Access:
    """An access token."""

    client_id: str
    scopes: frozenset[str]
    auth_event_id: str
    expires: float


@dataclass(slots=True)
class Identity:
    """Everything the identity service remembers."""

    clock: SandboxClock
    tenants: dict[str, str]
    apps: dict[str, App] = field(default_factory=dict)
    connections: dict[str, dict[str, Connection]] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    accesses: dict[str, Access] = field(default_factory=dict)
    issued: Counter[str] = field(default_factory=Counter)

    def connect(self, client_id: str, tenants: list[str], auth_event_id: str) -> None:
        """A person lets an app reach organisations."""
        now = self.clock.utc()
        held = self.connections.setdefault(client_id, {})
        for tenant in tenants:
            before = held.get(tenant)
            connection_id = before.connection_id if before else str(uuid.uuid4())
            created = before.created if before else now
            held[tenant] = Connection(connection_id, tenant, auth_event_id, created, now)

    def reachable(self, client_id: str, tenant: str) -> bool:
        """Whether an app may reach an organisation."""
        return tenant in self.connections.get(client_id, {})

    def issue_code(self, code: Code) -> str:
        """A new authorisation code."""
        value = secrets.token_urlsafe(24)
        self.codes[value] = code
        return value

    def take_code(self, value: str, client_id: str) -> Code:
        """The code's content, once. Raises OAuthRefused."""
        code = self.codes.pop(value, None)
        if code is None or code.client_id != client_id or code.expires <= self.clock.now():
            raise OAuthRefused("invalid_grant")
        return code

    def grant(self, code: Code) -> Grant:
        """A new consent; it has a refresh token only with `offline_access`."""
        grant = Grant(code.client_id, code.scopes, code.auth_event_id)
        if "offline_access" in code.scopes:
            self._renew(grant)
        return grant

    def refresh(self, token: str, client_id: str) -> Grant:
        """Rotate a refresh token. The one before is good for 30 minutes more, until its successor is used.

        Raises OAuthRefused.
        """
        grant = self.grants.get(token)
        if grant is None or grant.client_id != client_id:
            raise OAuthRefused("invalid_grant")
        now = self.clock.now()
        if token == grant.previous:
            if grant.previous_until <= now:
                raise OAuthRefused("invalid_grant")
            self.grants.pop(grant.current, None)
            self._renew(grant)
            return grant
        if grant.current_expires <= now:
            raise OAuthRefused("invalid_grant")
        self.grants.pop(grant.previous, None)
        grant.previous, grant.previous_until = token, now + GRACE_S
        self._renew(grant)
        return grant

    def _renew(self, grant: Grant) -> None:
        """A new refresh token. It is the person's and the app's: what they allowed before has none any more."""
        self.grants = {
            token: one for token, one in self.grants.items() if one is grant or one.client_id != grant.client_id
        }
        grant.current = secrets.token_urlsafe(32)
        grant.current_expires = self.clock.now() + REFRESH_S
        self.grants[grant.current] = grant

    def revoke(self, token: str, client_id: str) -> None:
        """The app gives a consent back: the person's connections to it are gone."""
        grant = self.grants.get(token)
        if grant is not None and grant.client_id == client_id:
            self.withdraw(client_id)

    def withdraw(self, client_id: str) -> None:
        """A person takes back what an app was allowed: connections and refresh tokens are gone."""
        self.connections.pop(client_id, None)
        self.grants = {token: grant for token, grant in self.grants.items() if grant.client_id != client_id}

    def remember(self, token: str, access: Access, grant_type: str) -> None:
        """An access token was issued."""
        self.accesses[token] = access
        self.issued[grant_type] += 1

    def expire_accesses(self) -> None:
        """Every access token issued so far is over."""
        now = self.clock.now()
        self.accesses = {
            token: Access(one.client_id, one.scopes, one.auth_event_id, min(one.expires, now))
            for token, one in self.accesses.items()
        }


def default_apps() -> dict[str, App]:
    """The apps every sandbox knows."""
    apps = (
        App("sandbox-custom", "custom", "sandbox-secret"),
        App("sandbox-web", "web", "sandbox-secret"),
        App("sandbox-pkce", "pkce"),
    )
    return {app.client_id: app for app in apps}
