"""The identity endpoints over HTTP: token, revocation, connections [xero 1]."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from deploy.sandbox.xero import tokens
from deploy.sandbox.xero.errors import Json, problem
from deploy.sandbox.xero.identity import Access, App, Identity, OAuthRefused
from deploy.sandbox.xero.scopes import ACCOUNTING

FORM = "application/x-www-form-urlencoded"
_GRANT_TYPES = {
    "custom": frozenset({"client_credentials"}),
    "web": frozenset({"authorization_code", "refresh_token"}),
    "pkce": frozenset({"authorization_code", "refresh_token"}),
}
_VERIFIER_LENGTHS = range(43, 129)


def form_of(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form; nothing else is read. Raises OAuthRefused."""
    if content_type.split(";", maxsplit=1)[0].strip().lower() != FORM:
        raise OAuthRefused("invalid_request")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        raise OAuthRefused("invalid_request") from None


def app_of(identity: Identity, authorization: str, form: Mapping[str, str]) -> App:
    """The app that calls: by Basic, or by `client_id` in the form, with its secret if it has one. Raises OAuthRefused.

    Xero's documents show Basic, its discovery document and its own SDK the secret in the form.
    """
    client_id, secret = _basic(authorization) if authorization else (form.get("client_id"), form.get("client_secret"))
    if not client_id:
        raise OAuthRefused("invalid_request")
    app = identity.apps.get(client_id)
    if app is None:
        raise OAuthRefused("invalid_client")
    if app.secret is not None and not secret:
        raise OAuthRefused("invalid_request")
    if secret != app.secret:
        raise OAuthRefused("invalid_client")
    return app


def _basic(authorization: str) -> tuple[str, str]:
    kind, _, encoded = authorization.partition(" ")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthRefused("invalid_request") from None
    if kind.lower() != "basic" or not client_id:
        raise OAuthRefused("invalid_request")
    return client_id, secret


def token_reply(identity: Identity, authorization: str, form: Mapping[str, str]) -> dict[str, Any]:
    """What the token endpoint answers. Raises OAuthRefused."""
    app = app_of(identity, authorization, form)
    grant_type = form.get("grant_type", "")
    if grant_type not in {"authorization_code", "refresh_token", "client_credentials"}:
        raise OAuthRefused("unsupported_grant_type" if grant_type else "invalid_request")
    if grant_type not in _GRANT_TYPES[app.kind]:
        raise OAuthRefused("unauthorized_client")
    if grant_type == "client_credentials":
        return _client_credentials(identity, app, form)
    if grant_type == "authorization_code":
        return _authorization_code(identity, app, form)
    grant = identity.refresh(form.get("refresh_token", ""), app.client_id)
    reply = tokens.issue(
        identity,
        client_id=app.client_id,
        scopes=grant.scopes,
        auth_event_id=grant.auth_event_id,
        grant_type=grant_type,
    )
    return {**reply, "refresh_token": grant.current}


def _client_credentials(identity: Identity, app: App, form: Mapping[str, str]) -> dict[str, Any]:
    scopes = frozenset(form.get("scope", "").split()) or ACCOUNTING
    if not scopes <= ACCOUNTING & app.scopes:
        raise OAuthRefused("invalid_scope")
    connections = identity.connections.get(app.client_id, {})
    if not connections:
        raise OAuthRefused("unauthorized_client")
    event = next(iter(connections.values())).auth_event_id
    return tokens.issue(
        identity, client_id=app.client_id, scopes=scopes, auth_event_id=event, grant_type="client_credentials"
    )


def _authorization_code(identity: Identity, app: App, form: Mapping[str, str]) -> dict[str, Any]:
    code = identity.take_code(form.get("code", ""), app.client_id)
    if form.get("redirect_uri") != code.redirect_uri:
        raise OAuthRefused("invalid_grant")
    if code.challenge is not None and not _proves(form.get("code_verifier", ""), code.challenge):
        raise OAuthRefused("invalid_grant")
    grant = identity.grant(code)
    reply = tokens.issue(
        identity,
        client_id=app.client_id,
        scopes=code.scopes,
        auth_event_id=code.auth_event_id,
        grant_type="authorization_code",
    )
    del reply["scope"]  # Xero does not promise it in this reply
    return {**reply, "refresh_token": grant.current} if grant.current else reply


def _proves(verifier: str, challenge: str) -> bool:
    if len(verifier) not in _VERIFIER_LENGTHS or not verifier.isascii():
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge


def access_of(identity: Identity, authorization: str) -> Access:
    """The access token of a call. Raises CallRefused (401)."""
    kind, _, token = authorization.partition(" ")
    access = identity.accesses.get(token) if kind.lower() == "bearer" else None
    if access is None:
        raise problem(401, "Unauthorized", "AuthenticationUnsuccessful")
    if access.expires <= identity.clock.now():
        raise token_expired()
    return access


def token_expired() -> Exception:
    """The 401 of a token that is over."""
    return problem(401, "Unauthorized", "TokenExpired: token expired at 01/01/2001 00:00:00")


def list_connections(identity: Identity, access: Access, auth_event_id: str | None) -> list[Json]:
    """The organisations an app may reach."""
    held = identity.connections.get(access.client_id, {}).values()
    return [
        {
            "id": one.connection_id,
            "authEventId": one.auth_event_id,
            "tenantId": one.tenant_id,
            "tenantType": "ORGANISATION",
            "tenantName": identity.tenants[one.tenant_id],
            "createdDateUtc": one.created.replace(tzinfo=None).isoformat(),
            "updatedDateUtc": one.updated.replace(tzinfo=None).isoformat(),
        }
        for one in held
        if auth_event_id in (None, one.auth_event_id)
    ]


def disconnect(identity: Identity, access: Access, connection_id: str) -> bool:
    """Take one organisation away from an app; False where the app has no such connection."""
    held = identity.connections.get(access.client_id, {})
    tenant = next((one.tenant_id for one in held.values() if one.connection_id == connection_id), None)
    if tenant is None:
        return False
    del held[tenant]
    return True
