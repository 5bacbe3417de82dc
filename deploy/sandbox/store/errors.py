"""How the store refuses [store 1.5]."""

from __future__ import annotations

import secrets
from typing import Any

Json = dict[str, Any]


class Refused(Exception):
    """The request is refused. `body` is JSON, or text that is sent as HTML."""

    def __init__(self, status: int, body: Json | list[Any] | str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def bad_request(message: str, parameters: Json | list[Any] | None = None) -> Refused:
    """400, for whatever the request says wrongly."""
    return Refused(400, _body(message, parameters))


def unauthorized(message: str, parameters: Json | list[Any] | None = None) -> Refused:
    """401, for credentials that are wrong or too weak."""
    return Refused(401, _body(message, parameters))


def not_authorized(resource: str) -> Refused:
    """401 that names the resource the caller may not reach."""
    return unauthorized("The consumer isn't authorized to access %resources.", {"resources": resource})


def not_found(message: str, parameters: Json | None = None) -> Refused:
    """404, for an entity or route that is not there."""
    return Refused(404, _body(message, parameters))


def no_entity(field: str, value: object) -> Refused:
    """404 for one entity."""
    return not_found("No such entity with %fieldName = %fieldValue", {"fieldName": field, "fieldValue": value})


def server_error() -> Refused:
    """500 that tells nothing but a number to look for in the store's log."""
    report = f"webapi-{secrets.token_hex(7)}"
    message = "Internal Error. Details are available in Magento log file. Report ID: %1"
    return Refused(500, _body(message.replace("%1", report), None))


def maintenance() -> Refused:
    """503 of a store that is being worked on: a page for people."""
    return Refused(
        503, "<html><head><title>503</title></head><body><h1>Service Temporarily Unavailable</h1></body></html>"
    )


def forbidden_page() -> Refused:
    """403 of a firewall before the store: a page for people."""
    return Refused(403, "<html><head><title>403 Forbidden</title></head><body><h1>Request blocked</h1></body></html>")


def _body(message: str, parameters: Json | list[Any] | None) -> Json:
    return {"message": message} if parameters is None else {"message": message, "parameters": parameters}
