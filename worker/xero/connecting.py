"""A consent on its way: from the question in a person's browser to the token set in the ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from worker.clock import Clock
from worker.ledger.ledger import Ledger
from worker.ledger.records import TokenSet
from worker.settings import Settings
from worker.settings.sections import ConnectionSettings
from worker.xero.clients import credentials
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
from worker.xero.oauth.identity import connections_url, identity_client, token_endpoint
from worker.xero.oauth.tokens import TokenUnavailable

_AUTHORISE = "/identity/connect/authorize"
_TRIES = 4
_APART_S = 1.0


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: `state` ties the callback to it, `verifier` the code to us. Good for one answer."""

    connection: ConnectionSettings
    redirect_uri: str
    state: str = field(default_factory=new_state, repr=False)
    verifier: str = field(default_factory=new_verifier, repr=False)

    def url(self, settings: Settings) -> str:
        """The page of Xero's to open."""
        return authorise_url(
            credentials(self.connection),
            login_url=settings.xero.login_url + _AUTHORISE,
            redirect_uri=self.redirect_uri,
            state=self.state,
            verifier=self.verifier,
        )


async def complete(
    settings: Settings, ledger: Ledger, question: Question, callback: str, *, clock: Clock, who: str
) -> list[Tenant]:
    """Store the token set that the callback's address leads to, on record, and return the organisations it opens.

    Raises `ConsentRefused`, `AuthError`, and what the ledger raises.
    """
    code = read_callback(callback, state=question.state)
    name, xero = question.connection.name, settings.xero
    async with identity_client(identity_url=xero.identity_url, api_url=xero.api_url) as http:
        endpoint = token_endpoint(http, identity_url=xero.identity_url, clock=clock)
        app = credentials(question.connection)
        token = await exchange(endpoint, app, code=code, redirect_uri=question.redirect_uri, verifier=question.verifier)
        await _keep(ledger, name, token)
        await ledger.admin_actions.record("connect", who=who, subject=f"connection {name}")
        url = connections_url(xero.api_url)
        return await _patiently(lambda: connections(http, url=url, token=token), name, clock)


async def _keep(ledger: Ledger, name: str, token: TokenSet) -> None:
    """A worker that refreshes meanwhile is no obstacle: what it stores is of an older consent."""
    for _ in range(_TRIES):
        if await ledger.tokens.swap(name, await ledger.tokens.generation(name), token):
            return
    raise ConsentRefused("other processes stored token sets meanwhile; start again")


async def _patiently(ask: Callable[[], Awaitable[list[Tenant]]], name: str, clock: Clock) -> list[Tenant]:
    """The code of the consent is spent by now: a moment's silence of Xero must not cost another."""
    for _ in range(_TRIES - 1):
        try:
            return await ask()
        except TokenUnavailable:
            await clock.sleep(_APART_S)
    try:
        return await ask()
    except TokenUnavailable as error:
        kept = f"connection {name} has its tokens, and its organisations go on at their next probe"
        raise TokenUnavailable(f"{error}; {kept}: connect again only to see which it reaches") from None
