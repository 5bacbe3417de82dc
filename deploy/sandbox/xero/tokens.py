"""JSON web tokens, as Xero's are; nothing here checks them, the sandbox remembers what it issued."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from typing import Any

from deploy.sandbox.xero.identity import ACCESS_S, USER_ID, Access, Identity

_KEY = b"the sandbox signs with a key that protects nothing"
_ID_TOKEN_S = 300


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: dict[str, Any]) -> str:
    """A token that holds the claims."""
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    message = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{message}.{_encoded(hmac.new(_KEY, message.encode(), hashlib.sha256).digest())}"


def issue(
    identity: Identity, *, client_id: str, scopes: frozenset[str], auth_event_id: str, grant_type: str
) -> dict[str, Any]:
    """Issue an access token; return the reply of the token endpoint without its refresh token."""
    now = identity.clock.now()
    claims = {
        "nbf": int(now),
        "exp": int(now) + ACCESS_S,
        "iss": "https://identity.xero.com",
        "aud": "https://identity.xero.com/resources",
        "client_id": client_id,
        "jti": uuid.uuid4().hex,
        "authentication_event_id": auth_event_id,
        "scope": sorted(scopes),
    }
    if grant_type != "client_credentials":
        claims |= {"sub": USER_ID, "xero_userid": USER_ID}
    token = signed(claims)
    identity.remember(token, Access(client_id, scopes, auth_event_id, now + ACCESS_S), grant_type)
    reply = {"access_token": token, "expires_in": ACCESS_S, "token_type": "Bearer", "scope": " ".join(sorted(scopes))}
    if "openid" in scopes:
        person = {"sub": USER_ID, "xero_userid": USER_ID, "email": "person@example.invalid", "aud": client_id}
        reply["id_token"] = signed({**person, "exp": int(now) + _ID_TOKEN_S})
    return reply
