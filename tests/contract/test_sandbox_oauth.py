"""OAuth 2.0 in the sandbox [xero 1]."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.sandbox_fixture import PLAIN, SandboxControl, XeroCaller, client_credentials

CALLBACK = "http://localhost:8123/callback"
SCOPES = "openid offline_access accounting.contacts accounting.settings.read"
VERIFIER = "v" * 64
WEB = ("sandbox-web", "sandbox-secret")
CUSTOM = ("sandbox-custom", "sandbox-secret")


@pytest.fixture
def http(sandbox: SandboxControl) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url, timeout=30, verify=PLAIN) as client:
        yield client


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _consent(**more: str) -> dict[str, str]:
    asked = {"response_type": "code", "client_id": "sandbox-web", "redirect_uri": CALLBACK, "state": "s1"}
    return {**asked, "scope": SCOPES, **more}


def _code(http: httpx.Client, query: dict[str, str], **form: Any) -> str:
    reply = http.post("/identity/connect/authorize", params=query, data=form)
    assert reply.status_code == 302, reply.text
    back = parse_qs(urlsplit(reply.headers["location"]).query)
    assert back["state"] == ["s1"]
    return back["code"][0]


def _exchange(http: httpx.Client, code: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    return http.post("/connect/token", data=form, auth=WEB)


def _refresh(http: httpx.Client, token: str) -> httpx.Response:
    return http.post("/connect/token", data={"grant_type": "refresh_token", "refresh_token": token}, auth=WEB)


def _tokens(http: httpx.Client, **more: str) -> dict[str, Any]:
    tokens: dict[str, Any] = _exchange(http, _code(http, _consent(**more))).json()
    return tokens


def _connections(http: httpx.Client, access: str, **query: str) -> list[dict[str, Any]]:
    reply = http.get("/connections", headers={"Authorization": f"Bearer {access}"}, params=query)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()
    return found


def _organisation(http: httpx.Client, access: str, tenant: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {access}", "xero-tenant-id": tenant, "Accept": "application/json"}
    return http.get("/api.xro/2.0/Organisation", headers=headers)


def test_1_2_a_person_allows_an_app_and_the_code_becomes_tokens(http: httpx.Client, sandbox: SandboxControl) -> None:
    page = http.get("/identity/connect/authorize", params=_consent())
    tokens = _tokens(http)

    assert "<form" in page.text
    assert (tokens["expires_in"], tokens["token_type"]) == (1800, "Bearer")
    assert {"refresh_token", "id_token"} <= set(tokens)
    tenant = sandbox.tenant_id()
    assert tenant in [one["tenantId"] for one in _connections(http, tokens["access_token"])]
    assert _organisation(http, tokens["access_token"], tenant).status_code == 200


def test_1_2_a_person_may_pick_organisations_or_cancel(http: httpx.Client, sandbox: SandboxControl) -> None:
    second = sandbox.tenant_id("org2")
    tokens = _exchange(http, _code(http, _consent(), answer="allow", tenant=second)).json()
    cancelled = http.post("/identity/connect/authorize", params=_consent(), data={"answer": "cancel"})

    assert [one["tenantId"] for one in _connections(http, tokens["access_token"])] == [second]
    assert "error=access_denied" in cancelled.headers["location"]


def test_1_2_a_code_works_once(http: httpx.Client) -> None:
    code = _code(http, _consent())

    replies = [_exchange(http, code) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [200, 400]
    assert replies[1].json() == {"error": "invalid_grant"}


def test_1_2_a_code_lasts_five_minutes(http: httpx.Client, sandbox: SandboxControl) -> None:
    code = _code(http, _consent())
    sandbox.advance(300)

    assert _exchange(http, code).json() == {"error": "invalid_grant"}


def test_1_2_the_redirect_uri_must_be_the_same_to_the_byte(http: httpx.Client) -> None:
    code = _code(http, _consent(redirect_uri=CALLBACK + "/"))

    assert _exchange(http, code).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "http://127.0.0.1:8123/callback"},
        {"redirect_uri": "http://shop.example.com/callback"},
        {"client_id": "nobody"},
        {"client_id": "sandbox-custom"},
        {"response_type": "token"},
        {"scope": "accounting.transactions"},
        {"scope": ""},
    ],
)
def test_1_2_a_wrong_request_for_consent_is_shown_and_never_sent_back(
    http: httpx.Client, wrong: dict[str, str]
) -> None:
    reply = http.post("/identity/connect/authorize", params=_consent(**wrong))

    assert reply.status_code == 400
    assert "location" not in reply.headers


def test_1_2_pkce_needs_the_verifier_and_no_secret(http: httpx.Client) -> None:
    asked = _consent(client_id="sandbox-pkce", code_challenge=_challenge(VERIFIER), code_challenge_method="S256")
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "client_id": "sandbox-pkce"}

    wrong = http.post("/connect/token", data={**form, "code": _code(http, asked), "code_verifier": "w" * 64})
    right = http.post("/connect/token", data={**form, "code": _code(http, asked), "code_verifier": VERIFIER})
    without = http.get("/identity/connect/authorize", params=_consent(client_id="sandbox-pkce"))

    assert wrong.json() == {"error": "invalid_grant"}
    assert right.status_code == 200
    assert without.status_code == 400


def test_1_3_a_refresh_token_comes_only_with_offline_access(http: httpx.Client) -> None:
    assert "refresh_token" not in _tokens(http, scope="accounting.contacts")


def test_1_3_each_refresh_rotates_and_the_token_before_has_a_grace(http: httpx.Client, sandbox: SandboxControl) -> None:
    first = _tokens(http)["refresh_token"]
    second = _refresh(http, first).json()["refresh_token"]

    again = _refresh(http, first)
    sandbox.advance(1800)
    late = _refresh(http, first)

    assert again.status_code == 200
    assert again.json()["refresh_token"] not in {first, second}
    assert late.json() == {"error": "invalid_grant"}
    assert _refresh(http, again.json()["refresh_token"]).status_code == 200


def test_1_3_the_grace_ends_when_the_successor_is_used(http: httpx.Client) -> None:
    first = _tokens(http)["refresh_token"]
    second = _refresh(http, first).json()["refresh_token"]
    assert _refresh(http, second).status_code == 200

    assert _refresh(http, first).json() == {"error": "invalid_grant"}


def test_1_3_a_new_consent_of_the_same_person_ends_the_refresh_token_of_the_one_before(http: httpx.Client) -> None:
    first, second = _tokens(http), _tokens(http)

    refused, taken = (_refresh(http, tokens["refresh_token"]) for tokens in (first, second))

    assert (refused.status_code, refused.json(), taken.status_code) == (400, {"error": "invalid_grant"}, 200)
    assert _connections(http, first["access_token"])


def test_1_3_a_refresh_token_lasts_60_days(http: httpx.Client, sandbox: SandboxControl) -> None:
    first = _tokens(http)["refresh_token"]
    sandbox.advance(60 * 86_400)

    assert _refresh(http, first).json() == {"error": "invalid_grant"}


def test_1_3_an_access_token_lasts_30_minutes(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.advance(1800)

    reply = xero.get("/Organisation")

    assert reply.status_code == 401
    assert reply.json()["Detail"] == "TokenExpired: token expired at 01/01/2001 00:00:00"


def test_1_3_revocation_takes_all_connections_of_the_app(http: httpx.Client, sandbox: SandboxControl) -> None:
    tokens = _tokens(http)

    reply = http.post("/connect/revocation", data={"token": tokens["refresh_token"]}, auth=WEB)

    assert (reply.status_code, reply.content) == (200, b"")
    assert _connections(http, tokens["access_token"]) == []
    assert _refresh(http, tokens["refresh_token"]).json() == {"error": "invalid_grant"}
    assert _organisation(http, tokens["access_token"], sandbox.tenant_id()).status_code == 403


@pytest.mark.parametrize(
    ("form", "auth", "error"),
    [
        ({"grant_type": "client_credentials"}, None, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "sandbox-custom"}, None, "invalid_request"),
        ({"grant_type": "client_credentials"}, ("", ""), "invalid_request"),
        ({"grant_type": "client_credentials"}, ("sandbox-custom", "wrong"), "invalid_client"),
        ({"grant_type": "client_credentials"}, ("nobody", "wrong"), "invalid_client"),
        ({"grant_type": "client_credentials"}, WEB, "unauthorized_client"),
        ({"grant_type": "client_credentials", "scope": "accounting.transactions"}, CUSTOM, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "offline_access"}, CUSTOM, "invalid_scope"),
        ({"grant_type": "password"}, WEB, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, WEB, "invalid_grant"),
    ],
)
def test_1_3_the_token_endpoint_refuses_in_oauths_words(
    http: httpx.Client, form: dict[str, str], auth: tuple[str, str] | None, error: str
) -> None:
    reply = http.post("/connect/token", data=form, auth=auth) if auth else http.post("/connect/token", data=form)

    assert (reply.status_code, reply.json()) == (400, {"error": error})


def test_1_3_the_token_endpoint_reads_forms_only(http: httpx.Client) -> None:
    reply = http.post("/connect/token", json={"grant_type": "client_credentials"}, auth=WEB)

    assert reply.json() == {"error": "invalid_request"}


def test_1_4_connections_are_listed_filtered_and_deleted(http: httpx.Client, sandbox: SandboxControl) -> None:
    access = _tokens(http)["access_token"]
    first, second = _connections(http, access)
    event = first["authEventId"]

    assert _connections(http, access, authEventId=event) == [first, second]
    assert _connections(http, access, authEventId="other") == []
    headers = {"Authorization": f"Bearer {access}"}
    assert http.delete(f"/connections/{first['id']}", headers=headers).status_code == 204
    assert http.delete(f"/connections/{first['tenantId']}", headers=headers).status_code == 404
    assert _organisation(http, access, first["tenantId"]).status_code == 403
    assert _organisation(http, access, second["tenantId"]).status_code == 200


def test_1_4_an_app_with_consent_must_name_the_organisation(http: httpx.Client) -> None:
    access = _tokens(http)["access_token"]

    replies = [_organisation(http, access, tenant) for tenant in ("", "00000000-0000-0000-0000-000000000001")]

    for reply in replies:
        assert (reply.status_code, reply.json()["Detail"]) == (403, "AuthenticationUnsuccessful")


def test_the_audit_counts_tokens(http: httpx.Client, sandbox: SandboxControl) -> None:
    _refresh(http, _tokens(http)["refresh_token"])
    client_credentials(sandbox.url)

    assert sandbox.audit()["tokens_issued"] == {"authorization_code": 1, "refresh_token": 1, "client_credentials": 1}
