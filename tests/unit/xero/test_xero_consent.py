from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.fakes import FakeClock
from tests.support.xero_fakes import V1, IdentityHost
from worker.ledger.records import TokenSet
from worker.xero.oauth.consent import (
    ConsentRefused,
    Tenant,
    authorise_url,
    connections,
    exchange,
    new_state,
    new_verifier,
    read_callback,
)
from worker.xero.oauth.tokens import ConsentRevoked, Credentials, Flow, TokenEndpoint, TokenUnavailable

LOGIN = "https://login.example/identity/connect/authorize"
CALLBACK = "http://localhost:8765/callback"
WEB = Credentials(Flow.WEB, "web-app", "s3cret")
PKCE = Credentials(Flow.PKCE, "desktop-app")
TOKEN = TokenSet("access-1", V1 + timedelta(minutes=30))


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_the_page_to_open_asks_for_little_and_for_a_refresh_token() -> None:
    url = authorise_url(WEB, login_url=LOGIN, redirect_uri=CALLBACK, state="s")

    query = query_of(url)
    assert url.startswith(LOGIN)
    assert (query["response_type"], query["client_id"], query["redirect_uri"], query["state"]) == (
        "code",
        "web-app",
        CALLBACK,
        "s",
    )
    assert "offline_access" in query["scope"].split()
    assert "s3cret" not in url


def test_a_pkce_app_proves_itself_by_a_challenge() -> None:
    verifier = new_verifier()

    query = query_of(authorise_url(PKCE, login_url=LOGIN, redirect_uri=CALLBACK, state="s", verifier=verifier))

    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert (query["code_challenge"], query["code_challenge_method"]) == (challenge, "S256")
    assert 43 <= len(verifier) <= 128


def test_a_pkce_app_without_verifier_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="verifier"):
        authorise_url(PKCE, login_url=LOGIN, redirect_uri=CALLBACK, state="s")


def test_the_callback_brings_the_code() -> None:
    state = new_state()

    assert read_callback(f"{CALLBACK}?code=c1&state={state}", state=state) == "c1"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("code=c1&state=other", "state"),
        ("code=c1", "state"),
        ("error=access_denied&state=s", "access_denied"),
        ("state=s", "no code: expected the address the browser is sent to"),
    ],
)
def test_any_other_callback_is_refused(query: str, message: str) -> None:
    with pytest.raises(ConsentRefused, match=message):
        read_callback(f"{CALLBACK}?{query}", state="s")


@pytest.mark.parametrize("pasted", ["", "yes", "c1", "http://[::1", "https://go.example/app?from=mail", CALLBACK])
def test_what_is_no_callback_at_all_is_told_what_was_expected(pasted: str) -> None:
    with pytest.raises(
        ConsentRefused, match=r"^expected the address the browser is sent to once the access is allowed"
    ):
        read_callback(pasted, state="s")


@pytest.mark.parametrize(("app", "proof"), [(WEB, None), (PKCE, "v" * 43)])
async def test_the_code_is_exchanged_for_tokens(app: Credentials, proof: str | None) -> None:
    identity = IdentityHost()
    http = httpx.AsyncClient(transport=httpx.MockTransport(identity.handle))
    endpoint = TokenEndpoint(url="https://identity.example/connect/token", http=http, clock=FakeClock())

    tokens = await exchange(endpoint, app, code="c1", redirect_uri=CALLBACK, verifier=proof)

    ((form, _),) = identity.requests
    assert (tokens.access_token, tokens.refresh_token) == ("access-1", "refresh-1")
    assert (form["code"], form["redirect_uri"], form.get("code_verifier")) == ("c1", CALLBACK, proof)


async def test_the_organisations_of_a_consent_are_listed() -> None:
    items = [
        {"id": "x", "tenantId": "t", "tenantType": "ORGANISATION", "tenantName": "Shop Ltd"},
        {"id": "y", "tenantId": "p", "tenantType": "PRACTICE", "tenantName": "Books LLP"},
    ]
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=items)))

    assert await connections(http, url="https://api.example/connections", token=TOKEN) == [Tenant("t", "Shop Ltd")]


@pytest.mark.parametrize(("status", "error"), [(401, ConsentRevoked), (403, ConsentRevoked), (503, TokenUnavailable)])
async def test_a_list_that_is_not_given_says_why(status: int, error: type[Exception]) -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(status)))

    with pytest.raises(error, match=str(status)):
        await connections(http, url="https://api.example/connections", token=TOKEN)


@pytest.mark.parametrize(
    "body", [b"<html>maintenance</html>", b"null", b'{"message":"x"}', b"[1]", b'[{"id":"x"}]', b"[" * 100_000]
)
async def test_an_answer_that_is_no_list_of_organisations_is_none(body: bytes) -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body)))

    with pytest.raises(TokenUnavailable, match="answered 200 with something else"):
        await connections(http, url="https://api.example/connections", token=TOKEN)
