"""Logging in with the admin token, and out."""

from __future__ import annotations

import math
import re
import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from worker.console.access import COOKIE, session_of, trouble
from worker.console.desk import Desk
from worker.console.forms import BadForm, read_form
from worker.console.sessions import LIFE_S
from worker.console.visit import Visit

_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\]{0,500}")


class Login:
    """The only pages that an unknown person reaches where a token is configured."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: Request) -> Response:
        """The form, or the overview for who is logged in."""
        session = session_of(self._desk, request)
        if session is not None or self._desk.settings.console.admin_token is None:
            return RedirectResponse("/", 303)
        return self._form(request, next_page=request.query_params.get("next", "/"))

    async def enter(self, request: Request) -> Response:
        """Check the token; five wrong ones within a minute make an address wait."""
        token = self._desk.settings.console.admin_token
        visit = Visit(self._desk, request, None)
        if token is None:
            return RedirectResponse("/", 303)
        try:
            form = await read_form(request)
        except BadForm as error:
            return trouble(visit, error.status, str(error))
        address = request.client.host if request.client else ""
        wait_s = self._desk.attempts.wait_s(address)
        if wait_s:  # asked once the form is there: until the token is counted nobody else has a turn
            answer = trouble(visit, 429, f"too many wrong tokens: try again in {math.ceil(wait_s)} seconds")
            answer.headers["Retry-After"] = str(math.ceil(wait_s))
            return answer
        name, next_page = form.one("name"), form.one("next")
        if not secrets.compare_digest(form.one("token").encode(), token.get_secret_value().encode()):
            self._desk.attempts.failed(address)
            return self._form(request, next_page=next_page, name=name, wrong="This is not the admin token.")
        if not _NAME.fullmatch(name):
            return self._form(request, next_page=next_page, wrong="Give a name of 1 to 60 characters.")
        self._desk.attempts.succeeded(address)
        return self._entered(name, next_page)

    async def leave(self, visit: Visit) -> Response:
        """Log out."""
        assert visit.session is not None
        self._desk.sessions.end(visit.session)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=self._is_secure)
        return answer

    def _entered(self, name: str, next_page: str) -> Response:
        session = self._desk.sessions.open(name)
        answer = RedirectResponse(next_page if _LOCAL.fullmatch(next_page) else "/", 303)
        answer.set_cookie(
            COOKIE, session.id, max_age=int(LIFE_S), httponly=True, samesite="strict", secure=self._is_secure
        )
        return answer

    def _form(self, request: Request, *, next_page: str, name: str = "", wrong: str = "") -> Response:
        visit = Visit(self._desk, request, None)
        code = 403 if wrong else 200
        return visit.page("login.html", code=code, title="Log in", next_page=next_page, name=name[:60], wrong=wrong)

    @property
    def _is_secure(self) -> bool:
        return self._desk.settings.console.address.startswith("https:")
