"""Which stores a command means, and what is said of one that is not configured."""

from __future__ import annotations

from collections.abc import Sequence

from worker.cli.options import refuse
from worker.ledger.ledger import Ledger
from worker.settings import Settings
from worker.settings.sections import StoreSettings


def stores_named(settings: Settings, names: Sequence[str]) -> list[str]:
    """These stores, or all. Exits 2 for one that is not configured."""
    if not settings.stores:
        refuse("no store is configured; add a table [stores.NAME]")
    for name in names:
        if name not in settings.stores:
            refuse(f"no [stores.{name}] in the configuration; there is: {', '.join(settings.stores)}")
    return list(dict.fromkeys(names or settings.stores))


def the_store(settings: Settings, name: str, org: str) -> StoreSettings:
    """The store of that name, or the only one. Exits 2 where it is not clear which, or where it does not feed `org`."""
    named = stores_named(settings, [name] if name else [])
    if len(named) > 1:
        refuse(f"which store? name one with --store: {', '.join(named)}")
    chosen = settings.stores[named[0]]
    if org and org not in chosen.organisations:
        refuse(f"store {chosen.name} does not feed {org!r}; it feeds {', '.join(chosen.organisations)}")
    return chosen


async def refuse_unknown(settings: Settings, ledger: Ledger, store: str) -> None:
    """Where nothing was found of a store: exits 2 for one that neither the configuration nor the ledger knows."""
    known = dict.fromkeys([*settings.stores, *await ledger.histories.sources(settings.organisations)])
    if store and store not in known:
        refuse(f"no store {store!r} is known to the configuration or the ledger; known: {', '.join(known) or 'none'}")
