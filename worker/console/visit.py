"""One request of a person, and the ways to answer it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from worker.console.desk import Desk
from worker.console.forms import Form
from worker.console.rendering import render
from worker.console.sessions import Session

_NO_FIELDS = Form({})


class Refused(Exception):
    """What was asked for is not to be had; `status` and the text are the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, who makes it (None: nobody is logged in), and what their form brought."""

    desk: Desk
    request: Request
    session: Session | None
    form: Form = field(default=_NO_FIELDS)

    @property
    def who(self) -> str:
        """The name for the admins' record. Only an admin's visit has one."""
        assert self.session is not None
        return self.session.who

    def query(self, name: str) -> str:
        """A parameter of the address."""
        return self.request.query_params.get(name, "").strip()

    def organisation(self) -> str:
        """The organisation that the address names. Raises `Refused`."""
        name = str(self.request.path_params["org"])
        if name not in self.desk.settings.organisations:
            raise Refused(404, f"no [organisations.{name[:40]}] in the configuration")
        return name

    def page(self, template: str, *, code: int = 200, refresh_s: int = 0, **values: Any) -> HTMLResponse:
        """A whole page under a status code; `refresh_s` makes the browser ask again."""
        said: list[str] = []
        if self.session is not None:
            said, self.session.said = self.session.said, []
        settings = self.desk.settings
        html = render(
            template,
            path=self.request.url.path,
            session=self.session,
            read_only=settings.console.admin_token is None,
            organisations=list(settings.organisations),
            said=said,
            refresh_s=refresh_s,
            now=self.desk.clock.now(),
            **values,
        )
        return HTMLResponse(html, code)

    def back(self, path: str, said: str = "") -> RedirectResponse:
        """After a form: the page to see next, and what it says at the top."""
        if said and self.session is not None:
            self.session.said.append(said)
        return RedirectResponse(path, 303)
