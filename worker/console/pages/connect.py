"""*Connect*: to Xero's consent page and back, and which of the organisations there it is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from worker.connecting import Question, complete
from worker.console.rendering import render
from worker.console.visit import Refused, Visit
from worker.settings import OrganisationSettings
from worker.settings.overlay import TENANT, BadEntry, Entry, Table, checked
from worker.xero.consent import ConsentRefused, Tenant
from worker.xero.tokens import AuthError

CALLBACK = "/callback"
_FINISH = "/connect/finish"
_LONGEST = 4_000
_LIFTED = frozenset({"consent_revoked", "scope_missing"})
"""Pauses that a new consent ends; the worker asks Xero before it takes anything from the queues."""


async def start(visit: Visit) -> Response:
    """Send the browser to Xero, by a page of ours. Raises `Refused`.

    A redirect would be the form's own: browsers hold those against `form-action`, and Xero's log-in leads on to hosts
    that nobody can list here.
    """
    assert visit.session is not None
    connection = visit.desk.settings.connections.get(str(visit.request.path_params["name"]))
    if connection is None:
        raise Refused(404, "no such connection in the configuration")
    if connection.flow == "custom":
        raise Refused(400, 'a connection of flow "custom" needs no consent: the worker asks for tokens itself')
    question = Question(connection, f"{visit.desk.settings.console.address}{CALLBACK}")
    visit.desk.consents.ask(question, visit.session)
    return _step("On to Xero", question.url(visit.desk.settings))


async def callback(request: Request) -> Response:
    """Where Xero sends the browser. Its cookie is withheld from a step that another site began: take one of our own."""
    query = request.url.query
    if len(query) > _LONGEST:
        return _step("Back from Xero", "/", code=400)
    return _step("Back from Xero", f"{_FINISH}?{query}")


def _step(title: str, target: str, *, code: int = 200) -> HTMLResponse:
    return HTMLResponse(render("step.html", title=title, target=target), code)


async def finish(visit: Visit) -> Response:
    """Exchange the code and keep the tokens. Raises `Refused`."""
    desk = visit.desk
    if visit.session is None:
        raise Refused(403, "log in to connect")
    question = desk.consents.take(visit.query("state"), visit.session)
    if question is None:
        raise Refused(400, "this answer belongs to no question of your session: start again with Connect")
    name = question.connection.name
    try:
        answer = str(visit.request.url)
        reached = await complete(desk.settings, desk.ledger, question, answer, clock=desk.clock, who=visit.who)
    except (ConsentRefused, AuthError) as error:
        raise Refused(400, str(error)) from None
    desk.tenants[name] = reached
    for org in _users(visit, name):
        await _settle(visit, org, reached)
    return visit.back(f"/connect/{name}", f"{name} is connected.")


async def reached(visit: Visit) -> Response:
    """The organisations that the last consent opened, and a choice where the configuration leaves it open."""
    name = str(visit.request.path_params["name"])
    if name not in visit.desk.settings.connections:
        raise Refused(404, "no such connection in the configuration")
    users = [await visit.desk.organisation(org.name) for org in _users(visit, name)]
    open_ones = {org.name for org in _users(visit, name) if org.tenant_id is None}
    tenants = visit.desk.tenants.get(name)
    return visit.page(
        "connect.html", title=f"Connection {name}", name=name, tenants=tenants, users=users, open_ones=open_ones
    )


async def choose(visit: Visit) -> Response:
    """Say which organisation of Xero one of ours is. Raises `Refused`."""
    org = visit.desk.settings.organisations[visit.organisation()]
    tenant_id = visit.form.one("tenant")
    if tenant_id not in {one.id for one in visit.desk.tenants.get(org.connection, [])}:
        raise Refused(400, "this is none of the organisations that the consent opened: connect again")
    try:
        entry = checked(org, Table.ORGANISATION, TENANT, tenant_id)
    except BadEntry as error:
        raise Refused(400, str(error)) from None
    await visit.desk.ledger.overlays.set(org.name, entry, who=visit.who)
    return visit.back(f"/connect/{org.connection}", f"{org.name} is chosen.")


async def _settle(visit: Visit, org: OrganisationSettings, reached: list[Tenant]) -> None:
    """Where only one organisation is there it is the one, as without a console; and a worker that waits goes on."""
    ledger = visit.desk.ledger
    if org.tenant_id is None and len(reached) == 1:
        await ledger.overlays.set(org.name, Entry(Table.ORGANISATION, TENANT, reached[0].id), who=visit.who)
    for pause in await ledger.pauses.current(org.name):
        if pause.kind is None and pause.reason in _LIFTED:
            await ledger.pauses.clear(org.name, None)


def _users(visit: Visit, connection: str) -> list[OrganisationSettings]:
    return [org for org in visit.desk.settings.organisations.values() if org.connection == connection]
