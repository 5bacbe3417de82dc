"""Who may see a page, and who may act: the one place that decides.

Without an admin token everything may be seen by whoever reaches the console, and nothing done. With one, a log-in
comes before everything, and before every change the form's own secret.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from producers.amqp import AmqpError
from worker.console.desk import Desk
from worker.console.forms import BadForm, read_form
from worker.console.sessions import Session
from worker.console.visit import Refused, Visit
from worker.ledger.database.errors import LedgerError

COOKIE = "xerelay_session"
CSRF = "csrf"
_READ_ONLY = "this console is read-only: set console.admin_token to let people log in and change things"
_STALE = "this form is not of your session any more: go back, load the page again, and repeat"

Page = Callable[[Visit], Awaitable[Response]]
Handler = Callable[[Request], Awaitable[Response]]


def reading(desk: Desk, page: Page) -> Handler:
    """For everybody, or with an admin token for who is logged in."""

    async def handle(request: Request) -> Response:
        session = session_of(desk, request)
        if desk.settings.console.admin_token is not None and session is None:
            return _log_in(request)
        return await _answer(page, Visit(desk, request, session))

    return handle


def acting(desk: Desk, page: Page) -> Handler:
    """For who is logged in and sends a form that we showed them."""

    async def handle(request: Request) -> Response:
        session = session_of(desk, request)
        visit = Visit(desk, request, session)
        if desk.settings.console.admin_token is None:
            return trouble(visit, 403, _READ_ONLY)
        if session is None:
            return RedirectResponse("/login", 303)
        try:
            form = await read_form(request)
        except BadForm as error:
            return trouble(visit, error.status, str(error))
        if not secrets.compare_digest(form.one(CSRF).encode(), session.csrf.encode()):
            return trouble(visit, 403, _STALE)
        return await _answer(page, Visit(desk, request, session, form))

    return handle


def session_of(desk: Desk, request: Request) -> Session | None:
    """The session of the request's cookie."""
    return desk.sessions.find(request.cookies.get(COOKIE, ""))


def trouble(visit: Visit, status: int, message: str) -> Response:
    """A page that says what is wrong."""
    return visit.page("trouble.html", code=status, title="Not done", message=message)


async def _answer(page: Page, visit: Visit) -> Response:
    try:
        return await page(visit)
    except Refused as error:
        return trouble(visit, error.status, str(error))
    except (LedgerError, AmqpError) as error:
        return trouble(visit, 503, str(error))


def _log_in(request: Request) -> Response:
    query = request.url.query
    wanted = request.url.path + (f"?{query}" if query else "")
    return RedirectResponse(f"/login?next={quote(wanted, safe='/')}", 303)
