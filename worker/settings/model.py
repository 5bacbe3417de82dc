"""All settings together, and what must hold between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field

from worker.settings.ledger import LedgerSection
from worker.settings.organisation import OrganisationSettings
from worker.settings.problems import Problem
from worker.settings.section import Section
from worker.settings.sections import (
    BrokerSection,
    ConnectionSettings,
    ConsoleSection,
    HttpSection,
    NotifySection,
    StoreSettings,
    XeroSection,
)
from worker.settings.values import MAGENTO


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

    def contradictions(self) -> Iterator[Problem]:
        """What is wrong between the sections."""
        yield from _connections(self)
        for organisation in self.organisations.values():
            yield from _organisation(self, organisation)
        yield from _tenants(self)
        for store in self.stores.values():
            yield from _store(self, store)
        for one, other in combinations(self.stores.values(), 2):
            yield from _twice(one, other)


def _connections(settings: Settings) -> Iterator[Problem]:
    users = Counter(organisation.connection for organisation in settings.organisations.values())
    for name, connection in settings.connections.items():
        if connection.flow == "custom" and users[name] > 1:
            text = f'"custom" reaches one organisation, but {users[name]} name it; use "web"'
            yield Problem(f"connections.{name}.flow", text)
    apps: dict[str, str] = {}
    for name, connection in settings.connections.items():
        other = apps.setdefault(connection.client_id, name) if connection.flow == "custom" and users[name] else name
        if other != name:
            text = f'"{other}" has the same; an app of flow "custom" reaches one organisation, which is configured once'
            yield Problem(f"connections.{name}.client_id", text)


def _organisation(settings: Settings, org: OrganisationSettings) -> Iterator[Problem]:
    path = f"organisations.{org.name}"
    if org.connection not in settings.connections:
        yield Problem(f"{path}.connection", _unknown(org.connection, "connections", settings.connections))
    if settings.xero.is_xeros:
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
        known = settings.connections.get(connection)
        is_shared = len(users) > 1 and known is not None and known.flow != "custom"  # the others are wrong themselves
        for org in users:
            if is_shared and org.tenant_id is None:
                why = f'needed because {len(users)} organisations use connection "{connection}"'
                cure = f"configure one of them alone at first: `xerelay connect {connection}` prints the ids of all"
                yield Problem(f"organisations.{org.name}.tenant_id", f"missing; {why}; {cure}")


def _store(settings: Settings, store: StoreSettings) -> Iterator[Problem]:
    path = f"stores.{store.name}"
    if store.name in settings.organisations:
        text = f"an organisation has this name too, and both would own xerelay.{store.name}.commands; rename one"
        yield Problem(path, text)
    if store.organisation and store.organisation not in settings.organisations:
        yield Problem(f"{path}.organisation", _unknown(store.organisation, "organisations", settings.organisations))
    for table in ("websites", "views"):
        for code, name in getattr(store, table).items():
            if name not in settings.organisations:
                yield Problem(f"{path}.{table}.{code}", _unknown(name, "organisations", settings.organisations))


def _twice(one: StoreSettings, other: StoreSettings) -> Iterator[Problem]:
    """A store of two names has each sale booked under both: the name is part of a document's number."""
    shared = [name for name in one.organisations if name in other.organisations]
    is_same = one.kind == other.kind == MAGENTO and _place(one.url) == _place(other.url)
    if is_same and shared and not (one.parts and other.parts and one.parts.isdisjoint(other.parts)):
        text = f'"{one.name}" has the same and feeds "{shared[0]}" too, which would book each sale twice; remove one'
        yield Problem(f"stores.{other.name}.url", f"{text}, or give each its own websites")


def _place(url: str) -> SplitResult:
    """Where it leads: of a host upper and lower case are one, of a path they are two."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.lower())


def _unknown(name: str, section: str, known: Mapping[str, Any]) -> str:
    have = ", ".join(known) or "none"
    return f'expected the name of a table [{section}.NAME], got "{name}"; there is: {have}'
