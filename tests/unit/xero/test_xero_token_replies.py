"""What an odd answer of the token endpoint is taken for: its refresh token must not be lost."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.support.fakes import START, FakeClock
from worker.xero.oauth.tokens import ConsentRevoked, Credentials, Flow, TokenEndpoint, TokenUnavailable, read_tokens

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("said", "lasts"),
    [
        (1200, timedelta(minutes=20)),
        ("1200", timedelta(minutes=20)),
        (None, HALF_AN_HOUR),
        ("soon", HALF_AN_HOUR),
        ([1800], HALF_AN_HOUR),
        (-5, HALF_AN_HOUR),
        (float("nan"), HALF_AN_HOUR),
        pytest.param(10**400, HALF_AN_HOUR, id="of 401 digits"),
        (10**21, timedelta(days=1)),
    ],
)
def test_a_lifetime_that_is_none_is_the_usual_one(said: object, lasts: timedelta) -> None:
    reply = {"access_token": "at", "refresh_token": "rt", "expires_in": said}

    tokens = read_tokens(200, reply, START)

    assert (tokens.expires_at - START, tokens.refresh_token) == (lasts, "rt")


@pytest.mark.parametrize(
    "reply", [{}, *({"access_token": token} for token in (["at"], "", "\xe9", "at\r\nX: y", "at\ufffd"))]
)
def test_an_answer_without_an_access_token_is_none(reply: dict[str, object]) -> None:
    with pytest.raises(TokenUnavailable, match="without an access_token"):
        read_tokens(200, reply, START)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"[" * 100_000, b'{"access_token":"a\\ud83d"}'])
async def test_an_answer_that_cannot_be_read_is_none(body: bytes) -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body)))
    endpoint = TokenEndpoint(url="https://identity.example/connect/token", http=http, clock=FakeClock())

    with pytest.raises(TokenUnavailable, match="without an access_token"):
        await endpoint.request(Credentials(Flow.PKCE, "app"), "refresh_token", refresh_token="rt")


async def test_an_error_that_cannot_be_written_is_told_as_far_as_it_can() -> None:
    body = b'{"error":"invalid_\\u0000"}'
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(400, content=body)))
    endpoint = TokenEndpoint(url="https://identity.example/connect/token", http=http, clock=FakeClock())

    with pytest.raises(ConsentRevoked, match="refused: invalid_\ufffd"):
        await endpoint.request(Credentials(Flow.PKCE, "app"), "refresh_token", refresh_token="rt")


def test_a_refresh_token_that_is_no_text_is_none() -> None:
    assert read_tokens(200, {"access_token": "at", "refresh_token": ["rt"]}, START).refresh_token is None
