"""One organisation's mapping, held against its lists in Xero; an admin adds what its file leaves out."""

from __future__ import annotations

from starlette.responses import Response

from worker.calls.paging import XeroUnreadable
from worker.console import mapping_rows
from worker.console.visit import Refused, Visit
from worker.ledger.held.parked import Chosen
from worker.settings import OrganisationSettings
from worker.settings.overlay import BadEntry, Table, checked, filled
from worker.views.parked import parked_list

_PARKED = 500
_CHOSEN = "which organisation of Xero it is, is chosen after connecting"


async def show(visit: Visit) -> Response:
    """Accounts, tax and payments, what is wrong with them, and what parked events miss. Raises `Refused`."""
    name, desk = visit.organisation(), visit.desk
    org, overlay = desk.settings.organisations[name], await desk.ledger.overlays.of(name)
    lists = desk.charts.get(name)
    parked = await parked_list(desk.ledger, Chosen(organisations=(name,)), limit=_PARKED)
    found = mapping_rows.rows(org, overlay, lists)
    return visit.page(
        "organisation.html",
        title=f"Organisation {name}",
        org=filled(org, overlay),
        rows={table: [row for row in found if row.table is table] for table in Table},
        faults=[row for row in found if row.fault is not None],
        read_at=lists.at if lists else None,
        missing=mapping_rows.missing(filled(org, overlay), parked.events),
        roles={role: mapping_rows.choices(Table.ACCOUNTS, lists, role=role) for role in _asked_first(org, visit)},
        choices={table: mapping_rows.choices(table, lists) for table in (Table.TAX, Table.PAYMENTS)},
        asked=(visit.query("table"), visit.query("key")),
    )


def _asked_first(org: OrganisationSettings, visit: Visit) -> list[str]:
    return sorted(mapping_rows.open_roles(org), key=lambda role: role != visit.query("key"))


async def read(visit: Visit) -> Response:
    """Read the lists from Xero: two calls. Raises `Refused`."""
    name, desk = visit.organisation(), visit.desk
    try:
        desk.charts[name] = await desk.read_chart(await desk.organisation(name))
    except XeroUnreadable as error:
        raise Refused(503, str(error)) from None
    return visit.back(f"/organisations/{name}", "Read from Xero.")


async def add(visit: Visit) -> Response:
    """Add one entry, or give it another value. Raises `Refused`."""
    name, desk, form = visit.organisation(), visit.desk, visit.form
    org, overlay = desk.settings.organisations[name], await desk.ledger.overlays.of(name)
    if form.one("table") == Table.ORGANISATION:
        raise Refused(400, _CHOSEN)
    try:
        entry = checked(org, form.one("table"), form.one("key"), form.one("value"))
    except BadEntry as error:
        raise Refused(400, str(error)) from None
    fault = mapping_rows.fault_of(org, overlay, entry, desk.charts.get(name))
    if fault is not None:
        raise Refused(400, f"{fault.detail}: choose another")
    await desk.ledger.overlays.set(name, entry, who=visit.who)
    said = f"{entry.table}: {entry.key} goes to {entry.value}. Workers take it up within seconds."
    return visit.back(f"/organisations/{name}", said)


async def remove(visit: Visit) -> Response:
    """Take an entry back that was added here. Raises `Refused`."""
    name, form = visit.organisation(), visit.form
    try:
        table = Table(form.one("table"))
    except ValueError:
        raise Refused(400, f"expected one of {', '.join(Table)}") from None
    if table is Table.ORGANISATION:
        raise Refused(400, _CHOSEN)
    done = await visit.desk.ledger.overlays.remove(name, table, form.one("key"), who=visit.who)
    return visit.back(f"/organisations/{name}", f"{form.one('key')} is removed." if done else "It is not there.")
