"""From a store's settings to its source, and to the way of its events."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import cast

from pydantic import SecretStr

from producers.magento.open import Access
from producers.magento.open import open_store as open_magento
from producers.opening import Open
from producers.routing import Routing, Target
from producers.store import StoreSource
from worker.settings import OrganisationSettings, Settings
from worker.settings.sections import StoreSettings
from worker.settings.values import MAGENTO

OpenStore = Callable[[str, str], AbstractAsyncContextManager[StoreSource]]
"""What `kind = "package.module:function"` names: it takes the store's URL and its access token, empty without one."""


class NoAdapter(Exception):
    """`kind` names nothing that can be imported. `problem` says what was looked for, the text what to do, too."""

    cure = (
        "install its package into xerelay's environment, or put the folder that holds it on PYTHONPATH (the folder a "
        'command is started in is not searched), or mend kind = "package.module:function"'
    )

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}: {self.cure}")
        self.problem = problem


def open_source(store: StoreSettings) -> AbstractAsyncContextManager[StoreSource]:
    """The store, opened for as long as the context. Raises `NoAdapter`, `StoreRefuses` and `StoreUnreachable`."""
    return opener_of(store)()


def opener_of(store: StoreSettings) -> Open:
    """What opens the store, any number of times. Raises `NoAdapter`; `StoreRefuses` comes when it is opened."""
    if store.kind == MAGENTO:
        return partial(open_magento, url=store.url, access=_access(store), offline_methods=store.offline_methods)
    return partial(_adapter(store), store.url, _plain(store.auth.access_token if store.auth else None) or "")


def routing_of(settings: Settings, store: StoreSettings) -> Routing:
    """Which of its entities go where."""
    return Routing(
        targets={name: _target(settings.organisations[name]) for name in store.organisations},
        organisation=store.organisation or "",
        websites=store.websites,
        views=store.views,
    )


def _access(store: StoreSettings) -> Access:
    auth = store.auth
    assert auth is not None, "checked with the settings"
    return Access(
        access_token=auth.access_token.get_secret_value(),
        consumer_key=_plain(auth.consumer_key),
        consumer_secret=_plain(auth.consumer_secret),
        access_token_secret=_plain(auth.access_token_secret),
    )


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _adapter(store: StoreSettings) -> OpenStore:
    module, _, name = store.kind.partition(":")
    try:
        return cast(OpenStore, getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError) as error:
        raise NoAdapter(f"stores.{store.name}.kind: {store.kind} cannot be imported: {error}") from None


def _target(org: OrganisationSettings) -> Target:
    lanes = {entity: lane for entity, lane in org.lanes.items() if lane != "off"}
    return Target(org.name, org.start_date, lanes, org.sales_document)
