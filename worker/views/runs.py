"""A run of a store's command: what has become of it, and how long it will still take."""

from __future__ import annotations

from datetime import timedelta

from worker.bootstrap import limits_of
from worker.lanes.run_outlook import booked_at
from worker.ledger.ledger import Ledger
from worker.ledger.runs.run_reports import RunStatus
from worker.settings import OrganisationSettings, Settings
from worker.views.parked import message_of


async def run_of_id(ledger: Ledger, run: str) -> RunStatus | None:
    """The run; or what was refused under that id, which is kept under another: it may be anybody's."""
    status = await ledger.runs.get(run)
    if status is not None:
        return status
    for kept_as, body in await ledger.runs.refused():
        message = message_of(body)
        if isinstance(message, dict) and message.get("id") == run:
            return await ledger.runs.get(kept_as)
    return None


async def time_left(settings: Settings, ledger: Ledger, run: RunStatus) -> timedelta | None:
    """Until the last organisation that the run is for has it in its books; None when nobody is waiting any more."""
    store = settings.stores.get(run.store)
    if store is None or run.is_over:
        return None
    only = await ledger.runs.organisation(run.id)
    waiting = [settings.organisations[name] for name in store.organisations if only in ("", name)]
    return max([await _time_left(ledger, run, org) for org in waiting], default=None)


async def _time_left(ledger: Ledger, run: RunStatus, org: OrganisationSettings) -> timedelta:
    limits = limits_of(org)
    state, spent, now = await ledger.budget.standing(org.name, limits)
    return max(timedelta(), booked_at(run, state, spent, limits=limits, now=now) - now)
