"""Requests to Xero per day, as a chart and as a table: what they were for, and how full they were."""

from __future__ import annotations

from starlette.responses import Response

from worker.bootstrap import limits_of
from worker.console.chart_drawing import draw
from worker.console.visit import Visit
from worker.views.requests import requests


async def show(visit: Visit) -> Response:
    """One report for each organisation."""
    desk = visit.desk
    reports = [
        await requests(desk.ledger, name, limits=limits_of(org)) for name, org in desk.settings.organisations.items()
    ]
    return visit.page(
        "requests.html", title="Requests", reports=[(one, draw(one.days, limit=one.budget.limit)) for one in reports]
    )
