"""The page on which a person lets an app reach organisations [xero 1.2]."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode, urlsplit

from deploy.sandbox.xero.identity import CODE_S, App, Code, Identity


class ConsentRefused(Exception):
    """The request for consent is not one; shown to the person, never sent back to the app."""


def checked(identity: Identity, query: Mapping[str, str]) -> App:
    """The app that asks, after every rule of the request has been looked at. Raises ConsentRefused."""
    app = identity.apps.get(query.get("client_id", ""))
    if app is None or app.kind == "custom":
        raise ConsentRefused("unauthorized_client: unknown client_id, or an app that needs no consent")
    if query.get("response_type") != "code":
        raise ConsentRefused("unsupported_response_type: expected response_type=code")
    _check_redirect(query.get("redirect_uri", ""))
    scopes = query.get("scope", "").split()
    if not scopes or not set(scopes) <= app.scopes:
        raise ConsentRefused(f"invalid_scope: {' '.join(sorted(set(scopes) - app.scopes)) or 'none given'}")
    if app.kind == "pkce" and not query.get("code_challenge"):
        raise ConsentRefused("invalid_request: code_challenge is missing")
    if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
        raise ConsentRefused("invalid_request: code_challenge_method must be S256")
    return app


def _check_redirect(redirect_uri: str) -> None:
    parts = urlsplit(redirect_uri)
    if parts.hostname == "localhost" and parts.scheme in {"http", "https"}:
        return
    if parts.scheme == "https" and parts.hostname not in {None, "127.0.0.1"}:
        return
    raise ConsentRefused("invalid redirect_uri: https, or http://localhost; never http://127.0.0.1")


def page(identity: Identity, query: Mapping[str, str]) -> str:
    """The form that asks the person."""
    options = "".join(
        f'<label><input type="checkbox" name="tenant" value="{tenant}" checked> {escape(name)}</label><br>'
        for tenant, name in identity.tenants.items()
    )
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in query.get("scope", "").split())
    return (
        "<!doctype html><title>Sandbox consent</title><h1>Allow access?</h1>"
        f"<p>{escape(query.get('client_id', ''))} asks for</p><ul>{scopes}</ul>"
        f'<form method="post" action="?{escape(urlencode(query))}">{options}'
        '<button name="answer" value="allow">Allow access</button> '
        '<button name="answer" value="cancel">Cancel</button></form>'
    )


def answered(identity: Identity, query: Mapping[str, str], *, allow: bool, tenants: list[str]) -> str:
    """Where the browser goes next: back to the app, with a code or with `access_denied`."""
    state = {"state": query["state"]} if "state" in query else {}
    target = query["redirect_uri"]
    joint = "&" if "?" in target else "?"
    if not allow:
        return f"{target}{joint}{urlencode({'error': 'access_denied', **state})}"
    event = str(uuid.uuid4())
    chosen = [tenant for tenant in tenants if tenant in identity.tenants] or list(identity.tenants)
    identity.connect(query["client_id"], chosen, event)
    scopes = frozenset(query["scope"].split())
    challenge = query.get("code_challenge") or None
    expires = identity.clock.now() + CODE_S
    code = Code(query["client_id"], query["redirect_uri"], scopes, event, challenge, expires)
    return f"{target}{joint}{urlencode({'code': identity.issue_code(code), 'scope': query['scope'], **state})}"
