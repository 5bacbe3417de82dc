"""*Connect*: to Xero's consent page and back, and which of the organisations there it is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from worker.console.rendering import render
from worker.console.tenants import Held, only_one, owner, standing
from worker.console.visit import Refused, Visit
from worker.settings import OrganisationSettings
from worker.settings.overlay import TENANT, BadEntry, Entry, Table, checked
from worker.xero.connecting import Question, complete
from worker.xero.oauth.consent import ConsentRefused, Tenant
from worker.xero.oauth.tokens import AuthError

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
    """The organisations that the last consent opened, and a choice where the configuration leaves it open.

    Raises `Refused`.
    """
    name = str(visit.request.path_params["name"])
    if name not in visit.desk.settings.connections:
        raise Refused(404, "no such connection in the configuration")
    tenants, held = visit.desk.tenants.get(name), await _held(visit)
    return visit.page(
        "connect.html",
        title=f"Connection {name}",
        tenants=tenants,
        owners={one.id: owner(one.id, held) for one in tenants or ()},
        users=[standing(org, tenants or (), held) for org in _users(visit, name)],
    )


async def choose(visit: Visit) -> Response:
    """Say which organisation of Xero one of ours is. Raises `Refused`."""
    org = visit.desk.settings.organisations[visit.organisation()]
    tenant_id = visit.form.one("tenant")
    if tenant_id not in {one.id for one in visit.desk.tenants.get(org.connection, [])}:
        raise Refused(400, "this is none of the organisations that the consent opened: connect again")
    other = owner(tenant_id, await _held(visit), but=org.name)
    if other is not None:
        raise Refused(400, f"{other} is this organisation of Xero already, and only one of ours can be: choose another")
    try:
        entry = checked(org, Table.ORGANISATION, TENANT, tenant_id)
    except BadEntry as error:
        raise Refused(400, str(error)) from None
    await _become(visit, org.name, entry)
    return visit.back(f"/connect/{org.connection}", f"{org.name} is chosen.")


async def _settle(visit: Visit, org: OrganisationSettings, reached: list[Tenant]) -> None:
    """Where nothing was chosen and one organisation is there it is the one; and a worker that waits goes on."""
    ledger = visit.desk.ledger
    only = only_one(org, reached, await _held(visit))
    if only is not None:
        await _become(visit, org.name, Entry(Table.ORGANISATION, TENANT, only.id))
    for pause in await ledger.pauses.current(org.name):
        if pause.kind is None and pause.reason in _LIFTED:
            await ledger.pauses.clear(org.name, None)


async def _become(visit: Visit, org: str, tenant: Entry) -> None:
    """Lists that were read of the organisation are those of another one from now on."""
    await visit.desk.ledger.overlays.set(org, tenant, who=visit.who)
    visit.desk.charts.pop(org, None)


async def _held(visit: Visit) -> Held:
    desk = visit.desk
    return {name: (await desk.organisation(name)).tenant_id for name in desk.settings.organisations}


def _users(visit: Visit, connection: str) -> list[OrganisationSettings]:
    return [org for org in visit.desk.settings.organisations.values() if org.connection == connection]
