"""The first page: how it goes, by organisation, and what of it needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from worker.console.visit import Visit
from worker.ledger.database.errors import LedgerError
from worker.settings.sections import ConnectionSettings
from worker.views.status import OrganisationStatus, Status, status
from worker.xero.oauth.auth import CONSENT_LASTS

_REFRESH_S = 30
_REVOKED = "consent_revoked"


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One connection. `state` is one of `custom`, `connected`, `expired`, `revoked`, `missing` and `unreadable`."""

    name: str
    flow: str
    organisations: tuple[str, ...]
    state: str
    refreshed_at: datetime | None = None
    detail: str = ""


async def show(visit: Visit) -> Response:
    """Connections, then each organisation."""
    desk = visit.desk
    settings = desk.settings
    organisations = [await desk.organisation(name) for name in settings.organisations]
    now = await status(desk.ledger, organisations, stores=list(settings.stores), ask=desk.ask)
    return visit.page(
        "overview.html",
        title="Overview",
        refresh_s=_REFRESH_S,
        status=now,
        connections=[await _row(visit, one, now) for one in settings.connections.values()],
    )


async def _row(visit: Visit, connection: ConnectionSettings, now: Status) -> ConnectionRow:
    organisations = visit.desk.settings.organisations.values()
    reached = tuple(org.name for org in organisations if org.connection == connection.name)
    name, flow = connection.name, connection.flow
    if flow == "custom":
        return ConnectionRow(name, flow, reached, "custom")
    try:
        tokens = await visit.desk.ledger.tokens.load(name)
    except LedgerError as error:
        return ConnectionRow(name, flow, reached, "unreadable", detail=str(error))
    if tokens is None:
        return ConnectionRow(name, flow, reached, "missing")
    renewed = tokens.refreshed_at
    if renewed is not None and now.at - renewed >= CONSENT_LASTS:
        return ConnectionRow(name, flow, reached, "expired", renewed)
    revoked = [org.name for org in now.organisations if org.name in reached and _is_revoked(org)]
    if not revoked:
        return ConnectionRow(name, flow, reached, "connected", renewed)
    whose = f"for {', '.join(revoked)}" if len(revoked) < len(reached) else ""
    return ConnectionRow(name, flow, reached, "revoked", renewed, whose)


def _is_revoked(org: OrganisationStatus) -> bool:
    """The tokens of a consent that was withdrawn stay in the ledger; its organisation's pause says so."""
    return any(pause.kind is None and pause.reason == _REVOKED for pause in org.pauses)
