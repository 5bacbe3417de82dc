"""All settings together, and what must hold between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from worker.settings.access import disagreements
from worker.settings.organisation import OrganisationSettings
from worker.settings.problems import Problem
from worker.settings.sections import (
    XERO_API,
    BrokerSection,
    ConnectionSettings,
    ConsoleSection,
    HttpSection,
    LedgerSection,
    NotifySection,
    StoreSettings,
    XeroSection,
)
from worker.settings.values import MAGENTO, Section

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _with_names(tables: Any) -> Any:
    """Give each `[section.NAME]` its name as a field."""
    if not isinstance(tables, Mapping):
        return tables
    for key, table in tables.items():
        if isinstance(table, Mapping) and "name" in table:
            raise ValueError(f"{key}.name is not a key; the name is that of the table")
    return {key: {**table, "name": key} if isinstance(table, Mapping) else table for key, table in tables.items()}


class Settings(Section):
    """Everything xerelay can be told. Built by `load`."""

    broker: BrokerSection
    ledger: LedgerSection
    http: HttpSection = HttpSection()
    console: ConsoleSection = ConsoleSection()
    xero: XeroSection = XeroSection()
    connections: Annotated[dict[str, ConnectionSettings], BeforeValidator(_with_names)]
    organisations: Annotated[dict[str, OrganisationSettings], BeforeValidator(_with_names), Field(min_length=1)]
    stores: Annotated[dict[str, StoreSettings], BeforeValidator(_with_names)] = Field(default_factory=dict)
    notify: NotifySection = NotifySection()


def contradictions(settings: Settings) -> Iterator[Problem]:
    """What is wrong between keys that are each right alone."""
    yield from _connections(settings)
    for organisation in settings.organisations.values():
        yield from _organisation(settings, organisation)
    yield from _tenants(settings)
    for store in settings.stores.values():
        yield from _store(settings, store)
    yield from disagreements(settings.ledger)
    if settings.notify.smtp_url and not settings.notify.to:
        yield Problem("notify.to", "missing; smtp_url needs at least one address to write to")
    if (settings.broker.cert_file is None) != (settings.broker.key_file is None):
        yield Problem("broker.cert_file", "cert_file and key_file belong together; set both or neither")
    if settings.console.url and urlsplit(settings.console.url).path:
        yield Problem("console.url", "expected a URL without a path, such as https://books.example.com")
    if settings.console.admin_token is None and settings.console.host not in LOOPBACK:
        text = "missing; a console that listens beyond this machine needs it (or admin_token_file)"
        yield Problem("console.admin_token", text)


def _connections(settings: Settings) -> Iterator[Problem]:
    users = Counter(organisation.connection for organisation in settings.organisations.values())
    for name, connection in settings.connections.items():
        path = f"connections.{name}"
        if connection.flow == "pkce" and connection.client_secret:
            yield Problem(f"{path}.client_secret", 'flow "pkce" has no secret; remove it, or use flow "web"')
        if connection.flow != "pkce" and not connection.client_secret:
            yield Problem(
                f"{path}.client_secret", f'missing; flow "{connection.flow}" needs it (or client_secret_file)'
            )
        if connection.flow == "custom" and users[name] > 1:
            yield Problem(f"{path}.flow", f'"custom" reaches one organisation, but {users[name]} name it; use "web"')


def _organisation(settings: Settings, org: OrganisationSettings) -> Iterator[Problem]:
    path = f"organisations.{org.name}"
    if org.connection not in settings.connections:
        yield Problem(f"{path}.connection", _unknown(org.connection, "connections", settings.connections))
    if org.offset >= org.window:
        yield Problem(f"{path}.offset", f"expected less than the window, {org.window}, got {org.offset}")
    if (org.accounts.inventory is None) != (org.accounts.cost_of_goods is None):
        text = "inventory and cost_of_goods belong together: they make items tracked; set both or neither"
        yield Problem(f"{path}.accounts.inventory", text)
    if settings.xero.api_url == XERO_API:
        for key, highest in (("day", 5000), ("minute", 60), ("concurrent", 5)):
            value = getattr(org.limits, key)
            if value > highest:
                yield Problem(f"{path}.limits.{key}", f"expected at most {highest}, which is Xero's limit, got {value}")


def _tenants(settings: Settings) -> Iterator[Problem]:
    by_connection: defaultdict[str, list[OrganisationSettings]] = defaultdict(list)
    tenants: dict[str, str] = {}
    for org in settings.organisations.values():
        by_connection[org.connection].append(org)
        other = tenants.setdefault(org.tenant_id, org.name) if org.tenant_id else org.name
        if other != org.name:
            text = f'"{other}" has the same; an organisation of Xero is configured once, stores may share it'
            yield Problem(f"organisations.{org.name}.tenant_id", text)
    for connection, users in by_connection.items():
        for org in users:
            if len(users) > 1 and org.tenant_id is None:
                text = f'missing; needed because {len(users)} organisations use connection "{connection}"'
                yield Problem(f"organisations.{org.name}.tenant_id", text)


def _store(settings: Settings, store: StoreSettings) -> Iterator[Problem]:
    path = f"stores.{store.name}"
    if store.name in settings.organisations:
        text = f"an organisation has this name too, and both would own xerelay.{store.name}.commands; rename one"
        yield Problem(path, text)
    if bool(store.organisation) == bool(store.websites or store.views):
        yield Problem(f"{path}.organisation", "expected either organisation or websites and views, one of the two")
    if store.organisation and store.organisation not in settings.organisations:
        yield Problem(f"{path}.organisation", _unknown(store.organisation, "organisations", settings.organisations))
    for table in ("websites", "views"):
        for code, name in getattr(store, table).items():
            if name not in settings.organisations:
                yield Problem(f"{path}.{table}.{code}", _unknown(name, "organisations", settings.organisations))
    yield from _auth(store, path)


def _auth(store: StoreSettings, path: str) -> Iterator[Problem]:
    auth = store.auth
    if store.kind == MAGENTO and not store.url.startswith("http"):
        yield Problem(f"{path}.url", "expected a URL with a host, such as https://example.com")
    if auth is None:
        if store.kind == MAGENTO:
            yield Problem(f"{path}.auth", f"missing; add a table [{path}.auth] with access_token")
        return
    signing = {"consumer_key": auth.consumer_key, "consumer_secret": auth.consumer_secret}
    signing["access_token_secret"] = auth.access_token_secret
    missing = [key for key, value in signing.items() if value is None]
    if 0 < len(missing) < len(signing):
        for key in missing:
            yield Problem(f"{path}.auth.{key}", "missing; give all four values, or access_token alone")


def _unknown(name: str, section: str, known: Mapping[str, Any]) -> str:
    have = ", ".join(known) or "none"
    return f'expected the name of a table [{section}.NAME], got "{name}"; there is: {have}'
