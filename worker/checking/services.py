"""The broker, the ledger and the stores: whether each is there and lets us in."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from producers.amqp import AmqpError, BadBrokerSettings, BrokerSettings, Survey, cure, survey
from producers.store import Site, StoreRefuses, StoreUnreachable, TellsSites
from schemas.entities import Entity
from schemas.topology import organisation_queues, store_queues
from worker.checking.finding import Finding, fine, odd, wrong
from worker.ledger.database.errors import LedgerError, WrongKey
from worker.notices.channels import NotSent
from worker.notices.notices import channels_of
from worker.settings.sections import NotifySection, StoreSettings
from worker.stores.stores import NoAdapter, defects_told, open_source

_ANSWERS_WITHIN_S = 240
"""Longer than the built-in adapter waits for an answer: its own words say more."""

_SILENT = f"has not answered within {_ANSWERS_WITHIN_S} s, and its adapter knows no limit"


async def check_broker(settings: BrokerSettings, orgs: Sequence[str], stores: Sequence[str]) -> list[Finding]:
    """Whether it can be reached, knows the user, and has the exchanges and queues as we need them."""
    queues = [queue for org in orgs for queue in organisation_queues(org)]
    queues += [queue for store in stores for queue in store_queues(store)]
    try:
        found = await survey(settings, queues)
    except BadBrokerSettings as error:
        return [wrong("broker", str(error), "mend the section [broker]")]
    except AmqpError as error:
        return [wrong("broker", str(error), cure(str(error)))]
    return list(_judged(found, len(queues)))


def _judged(found: Survey, queues: int) -> Iterator[Finding]:
    for name, answer in found.different.items():
        cure = "let its messages be worked off, then delete it; a worker declares it anew"
        yield wrong("broker", f"{name}: {answer}", cure)
    if found.missing:
        cure = "start a worker, and each store's agent, once; where they may not, import this version's definitions"
        yield odd("broker", f"not declared yet: {', '.join(found.missing)}", cure)
    if not found.different and not found.missing:
        yield fine("broker", f"{queues} queues are there; the user's rights on them are not tested")


async def check_notices(section: NotifySection) -> list[Finding]:
    """Whether each way to a person can be reached. Nobody gets anything."""
    findings = []
    for channel in channels_of(section):
        try:
            await channel.reach()
        except NotSent as error:
            findings.append(
                wrong("notify", str(error), f"mend notify.{'smtp' if channel.name == 'mail' else channel.name}_url")
            )
        else:
            findings.append(fine("notify", f"{channel.name} can be reached"))
    return findings


def ledger_fault(error: LedgerError) -> Finding:
    """Why the ledger cannot be used, or its tokens be read."""
    if isinstance(error, WrongKey):
        return wrong("ledger", str(error), "see ledger.encryption_key")
    return wrong("ledger", error.said, error.cure or "does ledger.url name the database, and is it running?")


@dataclass(frozen=True, slots=True)
class StoreChecked:
    """`sites` is empty where the store does not tell."""

    findings: tuple[Finding, ...]
    sites: tuple[Site, ...] = ()


async def check_store(store: StoreSettings, entities: Collection[Entity]) -> StoreChecked:
    """Whether it answers and lets us read what has to be read, for an organisation takes some of its `entities`."""
    where = store.name
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN_S):
            streams, sites = await _read(store, entities)
    except NoAdapter as error:
        return StoreChecked((wrong("store", error.problem, error.cure, where=where),))
    except (StoreUnreachable, TimeoutError) as error:
        cure = f"is [stores.{where}] url right, and is the shop up?"
        return StoreChecked((wrong("store", str(error) or _SILENT, cure, where=where),))
    except StoreRefuses as error:
        cure = f"mend what it names, in [stores.{where}], [stores.{where}.auth] or the store"
        return StoreChecked((wrong("store", str(error), cure, where=where),))
    return StoreChecked((fine("store", f"{streams} lists can be read", where=where),), sites)


async def _read(store: StoreSettings, entities: Collection[Entity]) -> tuple[int, tuple[Site, ...]]:
    """How many lists can be read, and what the store tells of its sites."""
    with defects_told(store.name):
        async with open_source(store) as source:
            streams = [stream for stream in source.streams if stream.entities & frozenset(entities)]
            await source.check(streams)
            return len(streams), tuple(await source.sites()) if isinstance(source, TellsSites) else ()


def sites_of(store: StoreSettings, sites: Sequence[Site], org: str) -> list[Site]:
    """Those that feed the organisation."""
    if store.organisation:
        return list(sites) if store.organisation == org else []
    names = [(site, store.views.get(site.place.view) or store.websites.get(site.place.website)) for site in sites]
    return [site for site, name in names if name == org]
