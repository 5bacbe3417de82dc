"""From a store's settings to its source, and to the way of its events."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from typing import cast

from pydantic import SecretStr

from producers.defects import described
from producers.magento.open import Access
from producers.magento.open import open_store as open_magento
from producers.opening import Open
from producers.routing import Routing, Target
from producers.store import StoreRefuses, StoreSource, StoreUnreachable
from worker.settings import OrganisationSettings, Settings
from worker.settings.sections import StoreSettings
from worker.settings.values import MAGENTO

OpenStore = Callable[[str, str], AbstractAsyncContextManager[StoreSource]]
"""What `kind = "package.module:function"` names: it takes the store's URL and its access token, empty without one."""

_DECORATE = "put @asynccontextmanager of contextlib before the function, and let it yield the store"
_MEND = "mend the adapter's file"


class NoAdapter(Exception):
    """`kind` names nothing that opens a store. `problem` says what was looked for, the text what to do, too."""

    cure = (
        "install its package into xerelay's environment, or put the folder that holds it on PYTHONPATH (the folder a "
        'command is started in is not searched), or mend kind = "package.module:function"'
    )

    def __init__(self, problem: str, *, cure: str = cure) -> None:
        super().__init__(f"{problem}: {cure}")
        self.problem = problem
        self.cure = cure


def open_source(store: StoreSettings) -> AbstractAsyncContextManager[StoreSource]:
    """The store, opened for as long as the context. Raises `NoAdapter`, `StoreRefuses` and `StoreUnreachable`."""
    return opener_of(store)()


def opener_of(store: StoreSettings) -> Open:
    """What opens the store, any number of times. Raises `NoAdapter`; the store raises its own once it is opened."""
    if store.kind == MAGENTO:
        return partial(open_magento, url=store.url, access=_access(store), offline_methods=store.offline_methods)
    return partial(_opened, _adapter(store), store)


@contextmanager
def defects_told(store: str) -> Iterator[None]:
    """What an adapter raises against the protocol, as a refusal: a command that reads the store ends with a line."""
    try:
        yield
    except (StoreUnreachable, StoreRefuses, NoAdapter):
        raise
    except Exception as error:
        told = f"a defect of its adapter, or of what it gives: {described(error)}"
        raise StoreRefuses(f"stores.{store}: {told}; mend the adapter. If nothing is odd there, report it") from error


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


def _opened(adapter: OpenStore, store: StoreSettings) -> AbstractAsyncContextManager[StoreSource]:
    made = adapter(store.url, _plain(store.auth.access_token if store.auth else None) or "")
    if not isinstance(made, AbstractAsyncContextManager):
        raise StoreRefuses(f"stores.{store.name}.kind: {store.kind} gives a {type(made).__name__}: {_DECORATE}")
    return made


def _adapter(store: StoreSettings) -> OpenStore:
    """Raises `NoAdapter`, also for what shows without a call that it is no adapter's function."""
    named = f"stores.{store.name}.kind: {store.kind}"
    module, _, name = store.kind.partition(":")
    try:
        adapter = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise NoAdapter(f"{named} cannot be imported: {error}") from None
    except Exception as error:  # noqa: BLE001 - whatever a file of somebody else's raises while it is read
        raise NoAdapter(f"{named} cannot be imported: {type(error).__name__}: {error}", cure=_MEND) from None
    if inspect.iscoroutinefunction(adapter) or inspect.isasyncgenfunction(adapter):
        raise NoAdapter(f"{named} is no async context manager", cure=_DECORATE)
    if not _takes_two(adapter):
        raise NoAdapter(f"{named} cannot be called with url and access_token", cure="give it these two parameters")
    return cast(OpenStore, adapter)


def _takes_two(adapter: object) -> bool:
    try:
        inspect.signature(cast(OpenStore, adapter)).bind("", "")
    except ValueError:  # it is compiled, and does not tell
        return True
    except TypeError:
        return False
    return True


def _target(org: OrganisationSettings) -> Target:
    lanes = {entity: lane for entity, lane in org.lanes.items() if lane != "off"}
    return Target(org.name, org.start_date, lanes, org.sales_document)
