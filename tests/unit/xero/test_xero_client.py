from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest

from tests.support.fakes import FakeClock
from tests.support.waiting import let_pass, until
from tests.support.xero_fakes import IdentityHost, MemoryLeases, MemoryTokens, call_of, member_of
from worker.documents.documents import Kind
from worker.xero.client import XeroClient
from worker.xero.oauth.auth import XeroAuth
from worker.xero.oauth.tokens import Credentials, Flow, TokenEndpoint
from worker.xero.replies.reply import ReplyKind
from worker.xero.transport import GRANT, Grant, GrantedTransport, Ungranted

API = "https://api.example/api.xro/2.0"
TOKEN_URL = "https://identity.example/connect/token"
CALL = call_of(member_of(Kind.INVOICE, "1"), body=b'{"Invoices":[{}]}')
WRITTEN = {"Invoices": [{"InvoiceID": "i-1", "InvoiceNumber": "invoice-1"}]}
EXPIRED = {"Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired: token expired at 01/01/2001 00:00:00"}

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


@dataclass
class Xero:
    """Answers each request with the next of `answers`; the last one stays."""

    answers: list[Answer | httpx.Response | Exception]
    requests: list[httpx.Request] = field(default_factory=list)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else await answer(request)


@dataclass
class World:
    xero: Xero
    identity: IdentityHost
    client: XeroClient
    spent: list[str]


def world(*answers: Answer | httpx.Response | Exception, more_tokens: bool = True) -> World:
    xero, identity, spent = Xero(list(answers)), IdentityHost(), []
    http = httpx.AsyncClient(transport=GrantedTransport(httpx.MockTransport(identity.handle), free=[TOKEN_URL]))
    auth = XeroAuth(
        connection="c",
        credentials=Credentials(Flow.CUSTOM, "id", "s3cret"),
        endpoint=TokenEndpoint(url=TOKEN_URL, http=http, clock=FakeClock()),
        leases=MemoryLeases(),
        tokens=MemoryTokens(),
        clock=FakeClock(),
    )

    async def spend_again(call_id: str) -> bool:
        spent.append(call_id)
        return more_tokens

    client = XeroClient(
        api_url=API,
        tenant_id="tenant-1",
        auth=auth,
        transport=GrantedTransport(httpx.MockTransport(xero.handle)),
        spend_again=spend_again,
        deadline_s=30,
    )
    return World(xero, identity, client, spent)


async def test_a_call_goes_out_as_the_ledger_opened_it() -> None:
    w = world(httpx.Response(200, json=WRITTEN))

    reply = await w.client.send(CALL)

    (request,) = w.xero.requests
    assert reply.outcome is ReplyKind.ANSWERED
    assert (request.method, str(request.url)) == ("PUT", f"{API}/Invoices?summarizeErrors=false")
    assert request.content == CALL.body
    sent = {name: request.headers[name] for name in ("authorization", "xero-tenant-id", "accept", "idempotency-key")}
    assert sent == {
        "authorization": "Bearer access-1",
        "xero-tenant-id": "tenant-1",
        "accept": "application/json",
        "idempotency-key": "key-1",
    }


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_only_put_and_post_carry_the_idempotency_key(method: str) -> None:
    w = world(httpx.Response(200, json=WRITTEN))

    await w.client.send(call_of(method=method, body=None))

    assert "idempotency-key" not in w.xero.requests[0].headers
    assert "content-type" not in w.xero.requests[0].headers


async def test_a_redirect_is_not_followed() -> None:
    w = world(httpx.Response(307, headers={"Location": "https://elsewhere.example/"}))

    reply = await w.client.send(CALL)

    assert reply.outcome is ReplyKind.UNEXPECTED
    assert len(w.xero.requests) == 1


async def test_no_call_carries_what_an_earlier_reply_wanted_kept() -> None:
    w = world(httpx.Response(200, json=WRITTEN, headers={"Set-Cookie": "route=1"}))

    await w.client.send(CALL)
    await w.client.send(CALL)

    assert "cookie" not in w.xero.requests[1].headers


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow")])
async def test_without_a_connection_nothing_was_sent(error: Exception) -> None:
    w = world(error)

    reply = await w.client.send(CALL)

    assert (reply.outcome, reply.status) == (ReplyKind.UNSENT, None)
    assert len(w.xero.requests) == 1


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadError("reset"),
        httpx.ReadTimeout("slow"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.DecodingError("bad gzip"),
    ],
)
async def test_a_reply_that_does_not_come_leaves_the_call_uncertain(error: Exception) -> None:
    w = world(error)

    reply = await w.client.send(CALL)

    assert reply.outcome is ReplyKind.UNCERTAIN
    assert len(w.xero.requests) == 1


async def test_the_deadline_ends_a_call_that_hangs() -> None:
    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    w = world(hang)

    sending = asyncio.create_task(w.client.send(CALL))
    await until(lambda: w.xero.requests, what="the request")
    let_pass(30)
    reply = await sending

    assert reply.outcome is ReplyKind.UNCERTAIN


async def test_an_expired_token_is_refreshed_once_and_the_repeat_counted() -> None:
    w = world(httpx.Response(401, json=EXPIRED), httpx.Response(200, json=WRITTEN))

    reply = await w.client.send(CALL)

    assert reply.outcome is ReplyKind.ANSWERED
    assert w.spent == ["call-1"]
    assert [r.headers["authorization"] for r in w.xero.requests] == ["Bearer access-1", "Bearer access-2"]
    assert [r.content for r in w.xero.requests] == [CALL.body] * 2


async def test_a_token_that_stays_expired_is_tried_twice_and_no_more() -> None:
    w = world(httpx.Response(401, json=EXPIRED))

    reply = await w.client.send(CALL)

    assert reply.outcome is ReplyKind.UNSENT
    assert len(w.xero.requests) == 2


async def test_without_another_granted_token_the_call_is_not_repeated() -> None:
    w = world(httpx.Response(401, json=EXPIRED), more_tokens=False)

    reply = await w.client.send(CALL)

    assert (reply.outcome, reply.status) == (ReplyKind.UNSENT, 401)
    assert len(w.xero.requests) == 1


async def test_an_identity_host_that_is_down_means_nothing_was_sent() -> None:
    w = world(httpx.Response(200, json=WRITTEN))
    w.identity.fault = httpx.ConnectError("refused")

    reply = await w.client.send(CALL)

    assert reply.outcome is ReplyKind.UNSENT
    assert w.xero.requests == []


async def test_a_refused_app_needs_a_person() -> None:
    w = world(httpx.Response(200, json=WRITTEN))
    w.identity.fault = httpx.Response(400, json={"error": "invalid_client"})

    reply = await w.client.send(CALL)

    assert (reply.outcome, w.xero.requests) == (ReplyKind.CONSENT, [])
    assert "invalid_client" in reply.detail


@pytest.mark.parametrize("status", [403, 401])
async def test_a_lost_consent_is_one_call_and_no_refresh(status: int) -> None:
    w = world(httpx.Response(status, json={"Detail": "AuthenticationUnsuccessful"}))

    reply = await w.client.send(CALL)

    assert reply.outcome is ReplyKind.CONSENT
    assert (len(w.xero.requests), w.identity.issued) == (1, 1)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"Detail": "no Bearer access-1 here"}),
        (400, {"Message": "no Bearer access-1 here"}),
        (400, {"Invoices": [{"InvoiceNumber": "invoice-1", "ValidationErrors": [{"Message": "access-1"}]}]}),
        (200, {"Invoices": [{"InvoiceNumber": "invoice-1", "Warnings": [{"Message": "access-1"}]}]}),
    ],
)
async def test_a_reply_that_repeats_the_token_is_taken_without_it(status: int, body: dict[str, object]) -> None:
    w = world(httpx.Response(status, json=body))

    reply = await w.client.send(CALL)

    assert w.xero.requests[0].headers["authorization"] == "Bearer access-1"
    assert "access-1" not in f"{reply.detail} {reply.elements} {reply.raw.decode()}"
    assert "…" in f"{reply.elements}"


async def test_a_request_without_a_grant_does_not_pass() -> None:
    http = httpx.AsyncClient(transport=GrantedTransport(httpx.MockTransport(lambda _: httpx.Response(200))))

    with pytest.raises(Ungranted, match="carries no grant"):
        await http.get(f"{API}/Invoices")


async def test_a_grant_is_good_for_one_request() -> None:
    http = httpx.AsyncClient(transport=GrantedTransport(httpx.MockTransport(lambda _: httpx.Response(200))))
    grant = Grant("call-1")
    await http.get(f"{API}/Invoices", extensions={GRANT: grant})

    with pytest.raises(Ungranted, match="repeats the grant"):
        await http.get(f"{API}/Invoices", extensions={GRANT: grant})


@pytest.mark.parametrize(
    ("url", "free"),
    [
        (TOKEN_URL, True),
        (f"{TOKEN_URL}?x=1", True),
        (f"{TOKEN_URL}/../../api.xro/2.0/Invoices", False),
        (f"{TOKEN_URL}x", False),
        (TOKEN_URL.replace("https", "http"), False),
    ],
)
async def test_only_the_exact_free_addresses_pass_without_a_grant(url: str, free: bool) -> None:
    mock = httpx.MockTransport(lambda _: httpx.Response(200))
    http = httpx.AsyncClient(transport=GrantedTransport(mock, free=[TOKEN_URL]))

    if free:
        assert (await http.get(url)).status_code == 200
    else:
        with pytest.raises(Ungranted):
            await http.get(url)


async def test_an_update_carries_what_json_needs() -> None:
    w = world(httpx.Response(200, json=WRITTEN))

    await w.client.send(CALL)

    assert w.xero.requests[0].headers["content-type"] == "application/json"
    assert json.loads(w.xero.requests[0].content) == {"Invoices": [{}]}
