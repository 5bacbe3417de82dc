"""One call to Xero: the request as the ledger opened it, and one `Reply` whatever comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import lru_cache

import httpx

from worker.ledger.database.errors import WrongKey
from worker.ledger.records import Call, TokenSet
from worker.xero.oauth.auth import XeroAuth
from worker.xero.oauth.tokens import ConsentRevoked, TokenUnavailable
from worker.xero.replies.answers import is_expired, read
from worker.xero.replies.reply import Reply, ReplyKind
from worker.xero.transport import GRANT, Grant

DEADLINE_S = 60.0
_CONNECT_S = 10.0
_KEYED = frozenset({"PUT", "POST"})
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "xerelay"}


class XeroClient:
    """Sends calls for one organisation. Nothing is retried, except once after an expired token.

    `spend_again(call_id)` asks the ledger for the token of that second request. Errors of the ledger pass through, but
    that a token set cannot be read: a person has to connect again, as after a revocation.
    `on_reply` hears what came of each request, and in how many seconds.
    """

    def __init__(
        self,
        *,
        api_url: str,
        tenant_id: str,
        auth: XeroAuth,
        transport: httpx.AsyncBaseTransport,
        spend_again: Callable[[str], Awaitable[bool]],
        on_reply: Callable[[Call, Reply, float], None] = lambda *_: None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._auth = auth
        self._spend_again = spend_again
        self._on_reply = on_reply
        self._deadline_s = deadline_s
        self._transport = transport
        self._headers = _HEADERS | {"xero-tenant-id": tenant_id}
        self._patience = httpx.Timeout(deadline_s, connect=min(_CONNECT_S, deadline_s)).as_dict()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def send(self, call: Call) -> Reply:
        """What came of `call`, within the deadline. Never raises for what Xero or the network answers.

        After the deadline it does not leave either, however long a token or the process took.
        """
        reply = await self._send(call)
        if reply.outcome in (ReplyKind.CONSENT, ReplyKind.SCOPE):
            self._auth.forget()
        return reply

    async def _send(self, call: Call) -> Reply:
        deadline = asyncio.get_running_loop().time() + self._deadline_s
        reply, generation = await self._attempt(call, deadline)
        if not is_expired(reply):
            return reply
        refused = await self._renewed(generation, deadline)
        if refused is not None:
            return replace(refused, limits=reply.limits)
        if not await self._spend_again(call.id):
            return replace(reply, outcome=ReplyKind.UNSENT)
        reply, _ = await self._attempt(call, deadline)
        return replace(reply, outcome=ReplyKind.UNSENT) if is_expired(reply) else reply

    async def _attempt(self, call: Call, deadline: float) -> tuple[Reply, int]:
        began = asyncio.get_running_loop().time()
        reply, generation = await self._request_once(call, deadline)
        self._on_reply(call, reply, asyncio.get_running_loop().time() - began)
        return reply, generation

    async def _request_once(self, call: Call, deadline: float) -> tuple[Reply, int]:
        grant = Grant(call.id)
        try:
            async with asyncio.timeout_at(deadline):
                token = await self._auth.token()
                _insist_on(deadline)
                response = await self._transport.handle_async_request(self._request(call, grant, token))
                await response.aread()
        except TimeoutError:
            return _lost(grant, f"no reply within {self._deadline_s:g} s"), 0
        except (ConsentRevoked, WrongKey) as error:
            return Reply(ReplyKind.CONSENT, detail=str(error)), 0
        except TokenUnavailable as error:
            return Reply(ReplyKind.UNSENT, detail=str(error)), 0
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Reply(ReplyKind.UNSENT, detail=f"no connection: {type(error).__name__}"), 0
        except httpx.RequestError as error:
            return _lost(grant, f"no reply: {type(error).__name__}"), 0
        return read(call, response, secret=token.access_token), token.generation

    async def _renewed(self, generation: int, deadline: float) -> Reply | None:
        """Replace the refused token; the reply to give up with, when that fails."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._auth.refuse(generation)
        except (ConsentRevoked, WrongKey) as error:
            return Reply(ReplyKind.CONSENT, detail=str(error))
        except (TokenUnavailable, TimeoutError) as error:
            return Reply(ReplyKind.UNSENT, detail=str(error) or "no new token in time")
        return None

    def _request(self, call: Call, grant: Grant, token: TokenSet) -> httpx.Request:
        headers = self._headers | {"Authorization": f"Bearer {token.access_token}"}
        if call.body:
            headers["Content-Type"] = "application/json"
        if call.idempotency_key and call.method in _KEYED:
            headers["Idempotency-Key"] = call.idempotency_key
        return httpx.Request(
            call.method,
            _address(self._api_url + call.path, tuple(call.params.items())),
            content=call.body or None,
            headers=headers,
            extensions={GRANT: grant, "timeout": self._patience},
        )


def _insist_on(deadline: float) -> None:
    """A process that stood still would send before it hears its timers."""
    if asyncio.get_running_loop().time() > deadline:
        raise TimeoutError


@lru_cache(32)  # nearly all calls go to a few addresses, and httpx parses each twice
def _address(url: str, params: tuple[tuple[str, str], ...]) -> httpx.URL:
    return httpx.URL(url).copy_with(params=dict(params)) if params else httpx.URL(url)


def _lost(grant: Grant, detail: str) -> Reply:
    return Reply(ReplyKind.UNCERTAIN if grant.used else ReplyKind.UNSENT, detail=detail)
