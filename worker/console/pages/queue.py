"""What waits, and where: in the broker by lane, in the ledger for a time, a parent or a person, and in calls."""

from __future__ import annotations

from starlette.responses import Response

from worker.console.visit import Visit
from worker.views.status import status

_REFRESH_S = 15


async def show(visit: Visit) -> Response:
    """Every organisation's lanes, what is held by reason, and the runs of commands."""
    desk = visit.desk
    organisations = [await desk.organisation(name) for name in desk.settings.organisations]
    now = await status(desk.ledger, organisations, stores=list(desk.settings.stores), ask=desk.ask)
    runs = await desk.ledger.runs.latest(limit=10)
    return visit.page("queue.html", title="Queue", refresh_s=_REFRESH_S, status=now, runs=runs)
