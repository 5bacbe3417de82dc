"""The two sides of a comparison, opened: the stores that feed an organisation, and its lists in Xero."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from producers.checkpoints import CheckpointsAway, Memory
from producers.store import Broken, Stream
from producers.translation import Translator
from worker.bootstrap import limits_of
from worker.calls.paging import Lists, Told
from worker.clock import Clock
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Purpose
from worker.settings import OrganisationSettings, Settings
from worker.stores.store_reading import StoreReader
from worker.stores.stores import defects_told, open_source, routing_of
from worker.xero.clients import Clients

OnBroken = Callable[[str, Stream, Broken], None]


@asynccontextmanager
async def open_readers(
    settings: Settings, org: str, *, clock: Clock, on_broken: OnBroken, ledger: Ledger | None = None
) -> AsyncIterator[dict[str, StoreReader]]:
    """The stores that feed `org`, by name. Raises `NoAdapter`, `StoreRefuses` and `StoreUnreachable`.

    The `ledger` knows of sales that stay with the organisation which has them; without it all go by their place.
    """
    async with AsyncExitStack() as stack:
        readers: dict[str, StoreReader] = {}
        for store in settings.stores.values():
            if org in store.organisations:
                with defects_told(store.name):
                    source = await stack.enter_async_context(open_source(store))
                translator = Translator(store.name, routing_of(settings, store))
                told, known = partial(on_broken, store.name), partial(_remembered, ledger, store.name)
                readers[store.name] = StoreReader(source, translator, org, clock.now, told, known)
        yield readers


@asynccontextmanager
async def open_lists(
    settings: Settings, ledger: Ledger, org: OrganisationSettings, *, purpose: Purpose, clock: Clock, told: Told
) -> AsyncIterator[Lists]:
    """The organisation's lists in Xero, each page a call of its budget."""
    limits = limits_of(org)
    async with AsyncExitStack() as stack:
        spend_again = partial(ledger.readings.spend_again, org.name, limits=limits)
        client = Clients(settings, ledger, clock, stack).client(org, spend_again=spend_again)
        yield Lists(org=org.name, purpose=purpose, ledger=ledger, client=client, limits=limits, clock=clock, told=told)


async def _remembered(
    ledger: Ledger | None, store: str, stream: Stream, row_ids: Sequence[int]
) -> Mapping[int, Memory]:
    """Reads alone: the store's agent may be in charge. Raises `LedgerUnavailable`."""
    if ledger is None:
        return {}
    checkpoints, _ = ledger.store(store, holder="")
    try:
        return await checkpoints.memories(stream, row_ids)
    except CheckpointsAway as error:
        raise LedgerUnavailable(str(error)) from error
