"""What happened to an order, an invoice, a customer: documents with their links, calls, held events, people."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from schemas.entities import Entity
from worker.console.visit import Refused, Visit
from worker.ledger.history import Sought
from worker.views.history import history

_SINCE = timedelta(days=30)
_MOST_CHARACTERS = 100


async def show(visit: Visit) -> Response:
    """The form, and below it what was found of a number, or of an entity's id. Raises `Refused`."""
    number, entity, entity_id = (visit.query(name)[:_MOST_CHARACTERS] for name in ("number", "entity", "id"))
    if entity and entity not in set(Entity):
        raise Refused(400, f"expected one of {', '.join(Entity)}")
    found = None
    if number or entity_id:
        desk = visit.desk
        sought = Sought(tuple(desk.settings.organisations), entity=entity, entity_id=entity_id)
        since = await desk.ledger.now() - _SINCE
        found = await history(desk.ledger, sought, number=number, since=since)
    return visit.page(
        "history.html",
        title="History",
        entities=list(Entity),
        number=number,
        entity=entity,
        entity_id=entity_id,
        found=found,
    )
