"""*Add all data to queue*: first its price, then the command, then how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from pydantic import ValidationError
from starlette.responses import Response

from producers.amqp import AmqpError
from producers.store import StoreRefuses, StoreUnreachable
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.topology import store_queues
from worker.console.visit import Refused, Visit
from worker.settings.sections import StoreSettings
from worker.stores.commanding import Unconfirmed, ordered
from worker.stores.stores import NoAdapter
from worker.views.pricing import count, prices
from worker.views.runs import time_left

_REFRESH_S = 2
_RUNS = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person chose, read from the form."""

    store: StoreSettings
    command: ResyncAll


async def show(visit: Visit) -> Response:
    """What can be chosen, and the runs so far."""
    runs = await visit.desk.ledger.runs.latest(limit=_RUNS)
    return visit.page(
        "resync.html",
        title="Add all data to queue",
        stores=list(visit.desk.settings.stores.values()),
        entities=list(Entity),
        runs=runs,
    )


async def price(visit: Visit) -> Response:
    """Count the store and say what it costs. Raises `Refused`."""
    wish = _wish(visit)
    settings = visit.desk.settings
    try:
        counts = await count(settings, wish.store, wish.command)
    except (StoreUnreachable, StoreRefuses, NoAdapter) as error:
        raise Refused(503, f"{wish.store.name}: {error}") from None
    return visit.page(
        "resync_price.html",
        title="What it costs",
        wish=wish,
        counts={stream.name: rows for stream, rows in counts.items()},
        prices=prices(settings, wish.store, wish.command, counts),
    )


async def start(visit: Visit) -> Response:
    """Send the command, as `xerelay resync-all` does, and on record as it is. Raises `Refused`, `AmqpError`."""
    wish = _wish(visit)
    desk, store = visit.desk, wish.store
    order = ordered(wish.command, target=store.name, name="resync-all")
    record = partial(
        desk.ledger.admin_actions.record,
        who=visit.who,
        organisation=wish.command.organisation or "",
        subject=f"{store.name} {order.id}",
        reason=_in_words(wish.command),
    )
    await record(order.name)
    try:
        await desk.place(order, queues=store_queues(store.name))
    except Unconfirmed as error:
        await record(f"{order.name}.unconfirmed")
        return visit.back(f"/resync/{order.id}", f"Not confirmed: {error}.")
    except AmqpError:
        await record(f"{order.name}.failed")
        raise
    return visit.back(f"/resync/{order.id}", f"Sent to {store.name}.")


async def progress(visit: Visit) -> Response:
    """How far a run is. It is not there before the store's agent has taken it."""
    run_id = str(visit.request.path_params["run"])
    status = await visit.desk.ledger.runs.get(run_id)
    if status is not None and status.joined_to:
        return visit.back(f"/resync/{status.joined_to}", "It joined a run that was not finished, which does the same.")
    over = status is not None and status.is_over
    return visit.page(
        "resync_run.html",
        title="Progress",
        run_id=run_id,
        run=status,
        over=over,
        left=await time_left(visit.desk.settings, visit.desk.ledger, status) if status is not None else None,
        refresh_s=0 if over else _REFRESH_S,
    )


async def cancel(visit: Visit) -> Response:
    """The agent stops at its next page; what is published stays published."""
    run_id = str(visit.request.path_params["run"])
    if not await visit.desk.ledger.runs.cancel(run_id, why=f"by {visit.who}"):
        return visit.back(f"/resync/{run_id}", "It has ended already.")
    await visit.desk.ledger.admin_actions.record("resync-cancel", who=visit.who, subject=f"run {run_id}")
    return visit.back(f"/resync/{run_id}", "It is cancelled.")


def _wish(visit: Visit) -> Wish:
    store = visit.desk.settings.stores.get(visit.form.one("store"))
    if store is None:
        raise Refused(404, "no such store in the configuration")
    org = visit.form.one("organisation")
    if org and org not in store.organisations:
        raise Refused(400, f"store {store.name} does not feed {org[:40]}")
    since = visit.form.one("since")
    try:
        command = ResyncAll(
            organisation=org or None,
            entities=tuple(Entity(one) for one in visit.form.all("entity")) or tuple(Entity),
            since=date.fromisoformat(since) if since else None,
        )
    except (ValueError, ValidationError):
        raise Refused(400, "expected entities of the list, and a date such as 2026-01-31") from None
    return Wish(store, command)


def _in_words(command: ResyncAll) -> str:
    entities = "everything" if len(command.entities) == len(Entity) else ", ".join(command.entities)
    return f"{entities} since {command.since}" if command.since else entities
