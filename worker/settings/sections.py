"""The sections that are neither an organisation's nor the ledger's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, StringConstraints

from worker.settings.problems import Problem
from worker.settings.section import Section
from worker.settings.values import (
    MAGENTO,
    AdminToken,
    BrokerUrl,
    Duration,
    Filled,
    FilledSecret,
    FreeKey,
    Ports,
    ReadableFile,
    RootUrl,
    SecretHttpUrl,
    ShortName,
    SmtpUrl,
    StoreKind,
    StoreUrl,
    between,
    beyond_host,
    is_header_text,
)

XERO_API = "https://api.xero.com"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_OWN_PORTS = {"http": 80, "https": 443}
_SENDABLE = "expected printable ASCII characters and no line's end"


def _listed(value: object) -> object:
    """An environment variable has no lists: there the parts stand with commas between them."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class BrokerSection(Section):
    """RabbitMQ."""

    url: BrokerUrl
    ca_file: ReadableFile | None = None
    cert_file: ReadableFile | None = None
    key_file: ReadableFile | None = None

    def contradictions(self) -> Iterator[Problem]:
        """A certificate and its key."""
        if (self.cert_file is None) != (self.key_file is None):
            yield Problem("cert_file", "cert_file and key_file belong together; set both or neither")


class HttpSection(Section):
    """Where health and metrics listen. Of `port` the first free one is taken."""

    host: Filled = "127.0.0.1"
    port: Ports = range(9100, 9111)


class ConsoleSection(Section):
    """Where the console listens, under which address browsers know it, and who may change anything.

    `url` absent: `http://localhost:PORT`. `broker_url` is an admin's: it publishes commands and sees every queue.
    """

    host: Filled = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8765
    url: RootUrl | None = None
    admin_token: AdminToken | None = None
    broker_url: BrokerUrl | None = None

    def contradictions(self) -> Iterator[Problem]:
        """Who may be reached from elsewhere asks who it is."""
        if self.admin_token is None and self.host not in _LOOPBACK:
            text = "missing; a console that listens beyond this machine needs it (or admin_token_file)"
            yield Problem("admin_token", text)

    @property
    def address(self) -> str:
        """What to type into a browser, which leaves out its scheme's own port as this does.

        Xero sends people back to `/callback` below it.
        """
        parts = urlsplit(self.url or f"http://localhost:{self.port}")
        if parts.port == _OWN_PORTS[parts.scheme]:
            parts = parts._replace(netloc=parts.netloc.rpartition(":")[0])
        return parts.geturl()


class XeroSection(Section):
    """Base URLs without a path; other ones than Xero's lead to a sandbox."""

    api_url: RootUrl = XERO_API
    identity_url: RootUrl = "https://identity.xero.com"
    login_url: RootUrl = "https://login.xero.com"

    @property
    def is_xeros(self) -> bool:
        """Whether calls go to Xero itself, whose limits hold."""
        return urlsplit(self.api_url).hostname == urlsplit(XERO_API).hostname


class ConnectionSettings(Section):
    """The credentials of one Xero app. `redirect_port` serves `http://localhost:PORT/callback` while connecting."""

    name: ShortName
    flow: Literal["custom", "web", "pkce"]
    client_id: Filled
    client_secret: FilledSecret | None = None
    redirect_port: Annotated[int, Field(ge=1, le=65_535)] = 8765

    def contradictions(self) -> Iterator[Problem]:
        """Which flow has a secret, and what of credentials cannot be sent (RFC 6749, A.1 and A.2)."""
        for key, value in (("client_id", SecretStr(self.client_id)), ("client_secret", self.client_secret)):
            if not is_header_text(value):
                yield Problem(key, f"{_SENDABLE}; copy it from Xero's page of the app once more")
        if self.flow == "pkce" and self.client_secret:
            yield Problem("client_secret", 'flow "pkce" has no secret; remove it, or use flow "web"')
        if self.flow != "pkce" and not self.client_secret:
            yield Problem("client_secret", f'missing; flow "{self.flow}" needs it (or client_secret_file)')


class AuthSettings(Section):
    """Magento's integration: all four values sign each request; `access_token` alone is sent as a bearer token."""

    consumer_key: FilledSecret | None = None
    consumer_secret: FilledSecret | None = None
    access_token: FilledSecret
    access_token_secret: FilledSecret | None = None

    def contradictions(self) -> Iterator[Problem]:
        """Half a signature is none."""
        signing = ("consumer_key", "consumer_secret", "access_token_secret")
        for key in (*signing, "access_token"):
            if not is_header_text(getattr(self, key)):
                yield Problem(key, f"{_SENDABLE}; copy it from Magento's integration once more")
        missing = [key for key in signing if getattr(self, key) is None]
        if 0 < len(missing) < len(signing):
            yield from (Problem(key, "missing; give all four values, or access_token alone") for key in missing)


class StoreSettings(Section):
    """One store. It feeds `organisation`, or those of `websites` and `views` by their codes, views going first.

    `kind` may name the adapter of another store, as `package.module:function`. `offline_methods` are Magento's payment
    methods whose invoices and refunds count as money, although no gateway proves it. `removal_limit` is the share of a
    list that may be gone at once.
    """

    name: ShortName
    kind: StoreKind
    url: StoreUrl
    auth: AuthSettings | None = None
    organisation: str | None = None
    websites: dict[FreeKey, str] = Field(default_factory=dict)
    views: dict[FreeKey, str] = Field(default_factory=dict)
    poll: Annotated[Duration, between(timedelta(seconds=1), timedelta(hours=1))] = timedelta(seconds=10)
    lag: Annotated[Duration, between(timedelta(), timedelta(minutes=15))] = timedelta(seconds=60)
    removal_limit: Annotated[float, Field(ge=0, le=1)] = 0.1
    offline_methods: Annotated[frozenset[Filled], BeforeValidator(_listed)] = frozenset()

    def contradictions(self) -> Iterator[Problem]:
        """Whom it feeds, and what Magento's own adapter needs."""
        if bool(self.organisation) == bool(self.websites or self.views):
            yield Problem("organisation", "expected either organisation or websites and views, one of the two")
        if self.kind == MAGENTO and not self.url.startswith("http"):
            yield Problem("url", "expected a URL with a host, such as https://example.com")
        if self.kind == MAGENTO and (beyond_host(self.url) or self.url.endswith("/rest")):
            text = "expected the store's base URL without user, parameters and /rest, such as https://example.com"
            yield Problem("url", text)
        if self.kind == MAGENTO and self.auth is None:
            yield Problem("auth", f"missing; add a table [stores.{self.name}.auth] with access_token")

    @property
    def parts(self) -> frozenset[tuple[str, str]]:
        """The websites and views that it is read for; none: all there are."""
        return frozenset((table, code) for table in ("websites", "views") for code in getattr(self, table))

    @property
    def organisations(self) -> tuple[str, ...]:
        """The names of every organisation this store feeds, each once."""
        named = (self.organisation,) if self.organisation else ()
        return tuple(dict.fromkeys((*named, *self.websites.values(), *self.views.values())))


Mail = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]


class NotifySection(Section):
    """Who hears of what waits for a person, how often at most, and where they find the console."""

    smtp_url: SmtpUrl | None = None
    to: Annotated[tuple[Mail, ...], BeforeValidator(_listed)] = ()
    webhook_url: SecretHttpUrl | None = None
    console_url: RootUrl | None = None
    every: Annotated[Duration, between(timedelta(minutes=1), timedelta(days=7))] = timedelta(hours=24)

    def contradictions(self) -> Iterator[Problem]:
        """Mail goes to somebody, by a server."""
        if self.smtp_url and not self.to:
            yield Problem("to", "missing; smtp_url needs at least one address to write to")
        if self.to and not self.smtp_url:
            yield Problem("smtp_url", "missing; nobody can write to the addresses in to without it (or smtp_url_file)")
